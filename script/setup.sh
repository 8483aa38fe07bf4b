# shellcheck shell=bash
# Sourced by script/demo and script/test: brings a machine with Node to the point where snvg is built.
# The Debian and Ubuntu branch is tested on a bare system; the macOS branch is written but has not been run.

readonly node_minimum='20.19'
# libavutil of FFmpeg 5.1 (its own version words differ from build to build).
readonly libavutil_minimum='57.28'

say() { printf '%s\n' "$*" >&2; }

# Two lines, as every error of snvg: what failed, what to do. Exit 4: something is missing on this machine.
missing() {
  printf 'error: %s\n%s\n' "$1" "$2" >&2
  exit 4
}

# at_least FOUND WANTED, both "major.minor…"
at_least() {
  local found_major=${1%%.*} found_rest=${1#*.} wanted_major=${2%%.*} wanted_rest=${2#*.}
  local found_minor=${found_rest%%.*} wanted_minor=${wanted_rest%%.*}
  ((10#$found_major > 10#$wanted_major)) || ((10#$found_major == 10#$wanted_major && 10#$found_minor >= 10#$wanted_minor))
}

check_node() {
  local advice="Install Node $node_minimum or later (https://nodejs.org or a version manager such as nvm) and run this again."
  command -v node >/dev/null 2>&1 || missing 'Node.js is not installed' "$advice"
  local found
  found=$(node -p 'process.versions.node')
  at_least "$found" "$node_minimum" || missing "Node $found is too old: snvg needs $node_minimum or later" "$advice"
  command -v npm >/dev/null 2>&1 || missing 'npm is not installed beside Node' 'Install npm (it comes with Node from https://nodejs.org) and run this again.'
}

# install_with_apt PACKAGE…
install_with_apt() {
  local -a as_root=()
  local -a options=(-o DPkg::Lock::Timeout=900)
  local command="apt-get update && apt-get install -y --no-install-recommends $*"
  if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null 2>&1; then
      missing "these system packages are missing and need root to install: $*" "Run as root: $command"
    fi
    as_root=(sudo)
    # Without a terminal nobody can type a password.
    if [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; then
      missing "these system packages are missing and need root to install: $*" "Run: sudo sh -c '$command'"
    fi
  fi
  say "Installing with apt: $*"
  "${as_root[@]}" apt-get "${options[@]}" update -q >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y -q --no-install-recommends "$@" >&2 ||
    missing "apt could not install: $*" "Run it by hand to see why: $command"
}

# install_with_brew PACKAGE…: macOS, written but untested.
install_with_brew() {
  local -a formulas=()
  local package
  for package in "$@"; do
    case $package in
      make | g++)
        xcode-select -p >/dev/null 2>&1 ||
          missing 'the command line developer tools (make, c++) are missing' 'Run: xcode-select --install'
        ;;
      python3) formulas+=(python) ;;
      chromium) say 'Tests of the report in a browser are skipped without Chromium; install it with: brew install --cask chromium' ;;
      systemd) say 'Tests of the units need systemd: they are skipped' ;;
      iproute2 | iptables) say 'Tests with hosts of their own network need Linux: they are skipped' ;;
      openssh-server | openssh-client) say 'ssh and sshd come with macOS' ;;
      redis-server) formulas+=(redis) ;;
      strace) say 'Tests that watch which files are opened need Linux and its strace: they are skipped' ;;
      *) formulas+=("$package") ;;
    esac
  done
  ((${#formulas[@]} == 0)) && return
  command -v brew >/dev/null 2>&1 ||
    missing "Homebrew is missing, and with it: ${formulas[*]}" "Install Homebrew from https://brew.sh, then run: brew install ${formulas[*]}"
  say "Installing with Homebrew: ${formulas[*]}"
  brew install "${formulas[@]}" >&2
}

# The Debian package of a program: its own name, but for these.
package_of() {
  case $1 in
    systemd-analyze) echo systemd ;;
    sshd) echo openssh-server ;;
    ssh) echo openssh-client ;;
    ip) echo iproute2 ;;
    *) echo "$1" ;;
  esac
}

# install_missing COMMAND…
install_missing() {
  local -a absent=()
  local program
  for program in "$@"; do
    # Servers and network tools lie where only root's PATH leads.
    PATH=$PATH:${SNVG_SBIN-/usr/sbin:/sbin} command -v "$program" >/dev/null 2>&1 || absent+=("$(package_of "$program")")
  done
  ((${#absent[@]} == 0)) && return
  if command -v apt-get >/dev/null 2>&1; then
    install_with_apt "${absent[@]}"
  elif [[ $(uname -s) == Darwin ]]; then
    install_with_brew "${absent[@]}"
  else
    missing "these programs are missing: ${absent[*]}" "Install them with this system's package manager and run this again."
  fi
}

check_ffmpeg() {
  local found
  found=$(ffmpeg -version 2>/dev/null | sed -n 's/^libavutil *\([0-9]*\)\. *\([0-9]*\)\..*/\1.\2/p')
  at_least "${found:-0.0}" "$libavutil_minimum" ||
    missing "the ffmpeg at $(command -v ffmpeg) is older than 5.1" 'Install ffmpeg 5.1 or later (Debian 12, Ubuntu 23.04 or newer carry it), put it first on PATH and run this again.'
}

# The packages' install scripts: onnxruntime-node would download GPU libraries that snvg does not use,
# better-sqlite3 is compiled and finds Node's headers beside node instead of downloading them.
install_packages() {
  export ONNXRUNTIME_NODE_INSTALL=skip
  local prefix
  prefix=$(dirname "$(dirname "$(node -p 'require("fs").realpathSync(process.execPath)')")")
  if [[ -e $prefix/include/node/node_api.h ]]; then export npm_config_nodedir=$prefix; fi
  local stamp=node_modules/.snvg-installed wanted
  wanted="$(node -p 'process.version + " " + process.arch + " " + require("crypto").createHash("sha256").update(require("fs").readFileSync("package-lock.json")).digest("hex")')"
  if [[ -e $stamp && $(<"$stamp") == "$wanted" ]]; then return; fi
  say 'Installing packages: npm ci'
  npm ci >&2
  printf '%s\n' "$wanted" >"$stamp"
}

# set_up PROGRAM…: everything from a bare machine to a built snvg.
set_up() {
  check_node
  install_missing "$@"
  check_ffmpeg
  install_packages
  say 'Building'
  npm run --silent build >&2
}
