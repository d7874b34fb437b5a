# Freezes the edge and its agent on a Windows builder, for `python -m installers.windows.build --program FOLDER`.
#
#     powershell -ExecutionPolicy Bypass -File installers\windows\build.ps1 -Version 1.2.3 [-Out dist\windows] [-Sign THUMBPRINT -TimeServer URL]
#
# On any Windows 10 or later of 64 bits with Python 3.11 of 64 bits; then copy the folder to where `installers.windows.build` runs. Packages come at the
# versions and hashes of requirements-windows.lock: what the program carries, and what freezes it, nothing else. Into -Out goes the program, and beside it
# pishkhan-edge-VERSION.cdx.json (what it is made of) and release.json (every file's hash). -Sign signs the program with the certificate
# of that thumbprint in the builder's own store, before they are hashed. It ends with 1 and a sentence when anything is missing or fails, and leaves no -Out.
param(
    [Parameter(Mandatory = $true)][ValidatePattern('^\d+\.\d+\.\d+$')][string]$Version,
    [string]$Out = "dist\windows",
    [string]$Python = "python",
    [ValidatePattern('^([0-9A-Fa-f]{40})?$')][string]$Sign = "",
    [string]$TimeServer = ""
)
$ErrorActionPreference = "Stop"
$PSNativeCommandUseErrorActionPreference = $false # exit statuses are looked at here, in each PowerShell
Set-StrictMode -Version Latest
Set-Location (Join-Path $PSScriptRoot "..\..")

function Stop-Build([string]$Why) {
    [Console]::Error.WriteLine("build.ps1: $Why")
    exit 1
}

function Invoke-Checked([string]$What, [string]$Program, [string[]]$Arguments) {
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$What ended with $LASTEXITCODE" }
}

if ([IntPtr]::Size -ne 8) { Stop-Build "a Windows of 64 bits is needed" }
if (-not (Get-Command $Python -ErrorAction SilentlyContinue)) { Stop-Build "there is no $Python here: install Python 3.11 of 64 bits, or name it with -Python" }
& $Python -c "import struct, sys; sys.exit(0 if sys.version_info[:2] == (3, 11) and struct.calcsize('P') == 8 else 1)"
if ($LASTEXITCODE -ne 0) { Stop-Build "$Python is no Python 3.11 of 64 bits: the lock is for that" }
if ($Sign -and -not (Get-Command signtool.exe -ErrorAction SilentlyContinue)) { Stop-Build "there is no signtool.exe here: it comes with the Windows SDK" }
if ($Sign -and -not $TimeServer) { Stop-Build "a signature without a time ends with its certificate: name a server with -TimeServer" }
$Out = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Out).TrimEnd('\', '/')
if (Test-Path -LiteralPath $Out) { Stop-Build "$Out is there already" }

$Work = Join-Path ([IO.Path]::GetTempPath()) ("pishkhan-build-" + [Guid]::NewGuid().ToString("N"))
$Part = "$Out.part"
try {
    Invoke-Checked "making a virtual environment" $Python @("-m", "venv", $Work)
    $Inside = Join-Path $Work "Scripts\python.exe"
    Invoke-Checked "installing by the lock" $Inside @("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--no-deps", "--require-hashes", "-r", "installers\requirements-windows.lock")
    Invoke-Checked "freezing" $Inside @("-m", "installers.windows.frozen", "--version", $Version, (Join-Path $Work "frozen"))
    $Made = Join-Path $Work "frozen\made\pishkhan-edge"
    Invoke-Checked "the program" (Join-Path $Made "pishkhan-edge.exe") @("--version")
    Invoke-Checked "the program's edge" (Join-Path $Made "pishkhan-edge.exe") @("run", "--help")
    Invoke-Checked "the program's agent" (Join-Path $Made "pishkhan-edge.exe") @("agent", "run", "--help")
    if ($Sign) {
        Invoke-Checked "signing" "signtool.exe" @("sign", "/sha1", $Sign, "/fd", "SHA256", "/tr", $TimeServer, "/td", "SHA256", (Join-Path $Made "pishkhan-edge.exe"))
        Invoke-Checked "looking at the signature" "signtool.exe" @("verify", "/pa", (Join-Path $Made "pishkhan-edge.exe"))
    }
    Invoke-Checked "hashing" $Inside @("-m", "installers.windows.frozen", "--version", $Version, "--hash", $Made)
    New-Item -ItemType Directory -Force -Path (Split-Path -Parent $Out) | Out-Null
    if (Test-Path -LiteralPath $Part) { Remove-Item -LiteralPath $Part -Recurse -Force }
    Copy-Item -LiteralPath $Made -Destination $Part -Recurse # the temporary folder may lie on another drive, and no folder is moved between two
    Rename-Item -LiteralPath $Part -NewName (Split-Path -Leaf $Out)
    Write-Output "$Out is ready"
}
catch {
    Stop-Build $_.Exception.Message
}
finally {
    Remove-Item -LiteralPath $Work, $Part -Recurse -Force -ErrorAction SilentlyContinue
}
