; The installer for Windows: the agent for the card readers of a clerk's computer, or the whole edge.
;
;   makensis -INPUTCHARSET UTF8 -DVERSION=1.2.3 -DPAYLOAD=folder -DOUTFILE=pishkhan-1.2.3.exe pishkhan.nsi
;
; PAYLOAD holds program\pishkhan-edge.exe and what it needs, pishkhan-service.exe, and shim\ with the DLLs. Silent: /S /KIND=agent|edge, and /D=folder as
; the last word. The uninstaller: /S, and /DATA=remove to end journal, keys and settings too; without it they stay.

Unicode true
!ifdef AMD64
Target amd64-unicode
!endif
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include nsDialogs.nsh
!include x64.nsh

Name "Pishkhan"
OutFile "${OUTFILE}"
InstallDir "$PROGRAMFILES64\Pishkhan"
InstallDirRegKey HKLM "Software\Pishkhan" "Folder"
RequestExecutionLevel admin
SetCompressor /SOLID lzma
ShowInstDetails nevershow
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Pishkhan"
VIAddVersionKey "FileDescription" "Pishkhan"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "Apache-2.0"

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Pishkhan"
!define RULE "Pishkhan edge"

Var Kind
Var Data
Var WasRunning
Var AgentButton
Var EdgeButton

!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_WELCOME
Page custom KindPage KindPageLeft
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Farsi"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString KIND_TITLE ${LANG_ENGLISH} "What is this computer?"
LangString KIND_TITLE ${LANG_FARSI} "این رایانه چیست؟"
LangString KIND_TITLE ${LANG_SIMPCHINESE} "这台计算机的用途"
LangString KIND_AGENT ${LANG_ENGLISH} "A clerk's computer: only its card readers"
LangString KIND_AGENT ${LANG_FARSI} "رایانهٔ متصدی: فقط کارت‌خوان‌ها"
LangString KIND_AGENT ${LANG_SIMPCHINESE} "窗口计算机：仅读卡器"
LangString KIND_EDGE ${LANG_ENGLISH} "The hospital's gateway to its insurers"
LangString KIND_EDGE ${LANG_FARSI} "درگاه بیمارستان به بیمه‌ها"
LangString KIND_EDGE ${LANG_SIMPCHINESE} "医院与医保之间的前置机"
LangString CONSOLE ${LANG_ENGLISH} "Pishkhan command line"
LangString CONSOLE ${LANG_FARSI} "خط فرمان پیشخوان"
LangString CONSOLE ${LANG_SIMPCHINESE} "前置机命令行"
LangString REMOVE ${LANG_ENGLISH} "Uninstall Pishkhan"
LangString REMOVE ${LANG_FARSI} "حذف پیشخوان"
LangString REMOVE ${LANG_SIMPCHINESE} "卸载前置机"
LangString NO_SERVICE ${LANG_ENGLISH} "The service could not be set up. Nothing else was changed."
LangString NO_SERVICE ${LANG_FARSI} "سرویس راه‌اندازی نشد. چیز دیگری تغییر نکرد."
LangString NO_SERVICE ${LANG_SIMPCHINESE} "无法设置服务，其他内容未更改。"
LangString STILL_RUNS ${LANG_ENGLISH} "The service does not stop. Try again later."
LangString STILL_RUNS ${LANG_FARSI} "سرویس متوقف نمی‌شود. بعداً دوباره امتحان کنید."
LangString STILL_RUNS ${LANG_SIMPCHINESE} "服务无法停止，请稍后再试。"
LangString ASK_DATA ${LANG_ENGLISH} "Remove journal, keys and settings too? What has not reached the centre would be lost."
LangString ASK_DATA ${LANG_FARSI} "دفتر، کلیدها و تنظیمات هم حذف شود؟ آنچه به مرکز نرسیده از دست می‌رود."
LangString ASK_DATA ${LANG_SIMPCHINESE} "是否同时删除日志、密钥和设置？尚未送达中心的数据将丢失。"

!macro NamesOfKind
  ; services, folders and uninstall speak of what was installed
  SetShellVarContext all
  ${If} $Kind == "edge"
    StrCpy $Data "$APPDATA\Pishkhan\edge"
  ${Else}
    StrCpy $Kind "agent"
    StrCpy $Data "$APPDATA\Pishkhan\agent"
  ${EndIf}
!macroend

Function .onInit
  ${If} ${RunningX64}
    SetRegView 64
  ${EndIf}
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/KIND=" $Kind
  ${If} ${Errors}
    ReadRegStr $Kind HKLM "Software\Pishkhan" "Kind"
  ${ElseIf} $Kind != "agent"
  ${AndIf} $Kind != "edge"
    SetErrorLevel 2
    Abort
  ${EndIf}
  ${IfNot} ${Silent}
    !insertmacro MUI_LANGDLL_DISPLAY
  ${EndIf}
FunctionEnd

Function KindPage
  !insertmacro MUI_HEADER_TEXT "$(KIND_TITLE)" ""
  nsDialogs::Create 1018
  Pop $R0
  ${NSD_CreateRadioButton} 0 20u 100% 14u "$(KIND_AGENT)"
  Pop $AgentButton
  ${NSD_CreateRadioButton} 0 40u 100% 14u "$(KIND_EDGE)"
  Pop $EdgeButton
  ${If} $Kind == "edge"
    ${NSD_Check} $EdgeButton
  ${Else}
    ${NSD_Check} $AgentButton
  ${EndIf}
  nsDialogs::Show
FunctionEnd

Function KindPageLeft
  ${NSD_GetState} $EdgeButton $R0
  StrCpy $Kind "agent"
  ${If} $R0 == ${BST_CHECKED}
    StrCpy $Kind "edge"
  ${EndIf}
FunctionEnd

Section "Install"
  !insertmacro NamesOfKind
  StrCpy $WasRunning "no"
  ${If} ${FileExists} "$INSTDIR\pishkhan-service.exe" ; an upgrade: it ends in order, its journal stays
    ReadRegStr $R1 HKLM "Software\Pishkhan" "Kind"
    ${If} $R1 != ""
      nsExec::ExecToStack 'sc.exe query pishkhan-$R1'
      Pop $R0
      Pop $R2
      ${If} $R0 == 0
        StrCpy $WasRunning "perhaps"
      ${EndIf}
      nsExec::Exec '"$INSTDIR\pishkhan-service.exe" stop pishkhan-$R1'
      Pop $R0
      ${If} $R0 != 0
        MessageBox MB_OK|MB_ICONSTOP "$(STILL_RUNS)" /SD IDOK
        SetErrorLevel 3
        Abort
      ${EndIf}
      ${If} $R1 != $Kind
        nsExec::Exec '"$INSTDIR\pishkhan-service.exe" remove pishkhan-$R1'
        Pop $R0
      ${EndIf}
    ${EndIf}
    RMDir /r "$INSTDIR\program"
  ${EndIf}
  SetOutPath "$INSTDIR"
  File /r "${PAYLOAD}/*.*"
  CreateDirectory "$Data"
  ; whoever may have made that folder before us owns nothing in it: an owner may always change its list
  nsExec::Exec 'icacls.exe "$Data" /setowner *S-1-5-32-544 /T /C'
  Pop $R0
  ; SYSTEM, administrators and the service's account; nobody else reads keys
  nsExec::Exec 'icacls.exe "$Data" /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F *S-1-5-19:(OI)(CI)M'
  Pop $R0
  ${If} $Kind == "edge"
    nsExec::Exec '"$INSTDIR\pishkhan-service.exe" install pishkhan-edge "Pishkhan edge" "$Data" "$INSTDIR\program\pishkhan-edge.exe" --data "$Data" run'
  ${Else}
    nsExec::Exec '"$INSTDIR\pishkhan-service.exe" install pishkhan-agent "Pishkhan agent" "$Data" "$INSTDIR\program\pishkhan-edge.exe" --data "$Data" agent run'
  ${EndIf}
  Pop $R0
  ${If} $R0 != 0
    MessageBox MB_OK|MB_ICONSTOP "$(NO_SERVICE)" /SD IDOK
    SetErrorLevel 4
    Abort
  ${EndIf}
  nsExec::Exec 'netsh.exe advfirewall firewall delete rule name="${RULE}"'
  Pop $R0
  ${If} $Kind == "edge" ; the agent listens on loopback and calls out: it needs no rule
    nsExec::Exec 'netsh.exe advfirewall firewall add rule name="${RULE}" dir=in action=allow program="$INSTDIR\program\pishkhan-edge.exe" protocol=TCP localport=7001-7002 remoteip=localsubnet profile=domain,private'
    Pop $R0
  ${EndIf}
  CreateDirectory "$SMPROGRAMS\Pishkhan"
  CreateShortcut "$SMPROGRAMS\Pishkhan\$(CONSOLE).lnk" "$SYSDIR\cmd.exe" '/k cd /d "$INSTDIR\program"'
  CreateShortcut "$SMPROGRAMS\Pishkhan\$(REMOVE).lnk" "$INSTDIR\uninstall.exe"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "Software\Pishkhan" "Folder" "$INSTDIR"
  WriteRegStr HKLM "Software\Pishkhan" "Kind" "$Kind"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "Pishkhan $Kind"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegStr HKLM "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  ${If} $WasRunning != "no"
  ${OrIf} ${FileExists} "$Data\agent.json"
  ${OrIf} ${FileExists} "$Data\identity\*.*"
    nsExec::Exec '"$INSTDIR\pishkhan-service.exe" start pishkhan-$Kind' ; one that is not enrolled has nothing to do yet
    Pop $R0
  ${EndIf}
SectionEnd

Function un.onInit
  ${If} ${RunningX64}
    SetRegView 64
  ${EndIf}
FunctionEnd

Section "Uninstall"
  ReadRegStr $Kind HKLM "Software\Pishkhan" "Kind"
  !insertmacro NamesOfKind
  nsExec::Exec '"$INSTDIR\pishkhan-service.exe" remove pishkhan-$Kind'
  Pop $R0
  ${If} $R0 != 0
    MessageBox MB_OK|MB_ICONSTOP "$(STILL_RUNS)" /SD IDOK
    SetErrorLevel 3
    Abort
  ${EndIf}
  nsExec::Exec 'netsh.exe advfirewall firewall delete rule name="${RULE}"'
  Pop $R0
  RMDir /r "$INSTDIR\program"
  RMDir /r "$INSTDIR\shim"
  Delete "$INSTDIR\pishkhan-service.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  RMDir /r "$SMPROGRAMS\Pishkhan"
  DeleteRegKey HKLM "${UNINSTALL}"
  DeleteRegKey HKLM "Software\Pishkhan"
  StrCpy $R1 "keep"
  ${If} ${Silent}
    ${GetParameters} $R0
    ClearErrors
    ${GetOptions} $R0 "/DATA=" $R1
  ${Else}
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(ASK_DATA)" IDNO +2
    StrCpy $R1 "remove"
  ${EndIf}
  ${If} $R1 == "remove"
    RMDir /r "$Data"
    RMDir "$APPDATA\Pishkhan"
  ${EndIf}
SectionEnd
