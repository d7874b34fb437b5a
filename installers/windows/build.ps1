# Freezes the edge and its agent on a Windows builder, for `python -m installers.windows.build --program FOLDER`.
#
#     powershell -ExecutionPolicy Bypass -File installers\windows\build.ps1 -Version 1.2.3 [-Out dist\windows]
#
# On any Windows 10 or later of 64 bits; then copy the folder to where `installers.windows.build` runs. The agent is what has been made for Windows; the whole edge
# does not start there yet (see docs/operating.md).
# Needs Python 3.11 or later and, for pysqlite3, the C compiler of Visual Studio's Build Tools. Packages come at the versions and hashes of the lock.
param(
    [Parameter(Mandatory = $true)][ValidatePattern('^\d+\.\d+\.\d+$')][string]$Version,
    [string]$Out = "dist\windows",
    [string]$Python = "python"
)
$ErrorActionPreference = "Stop"
Set-StrictMode -Version Latest
Set-Location (Join-Path $PSScriptRoot "..\..")

function Invoke-Checked([string]$Program, [string[]]$Arguments) {
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Program ended with $LASTEXITCODE" }
}

if (Test-Path $Out) { throw "$Out is there already" }
$Work = Join-Path ([IO.Path]::GetTempPath()) "pishkhan-build"
if (Test-Path $Work) { Remove-Item -Recurse -Force $Work }
Invoke-Checked $Python @("-m", "venv", $Work)
$Inside = Join-Path $Work "Scripts\python.exe"
Invoke-Checked $Inside @("-m", "pip", "install", "--quiet", "--require-hashes", "-r", "installers\requirements.lock")
Invoke-Checked $Inside @("-c", "from pathlib import Path; from installers import freeze; freeze.freeze(freeze.EDGE, '$Version', Path(r'$Work\frozen'))")
New-Item -ItemType Directory -Force (Split-Path -Parent $Out) | Out-Null
Move-Item (Join-Path $Work "frozen\made\pishkhan-edge") $Out
Invoke-Checked (Join-Path $Out "pishkhan-edge.exe") @("--version")
Invoke-Checked (Join-Path $Out "pishkhan-edge.exe") @("agent", "run", "--help")
Write-Output "$Out is ready"
