import { existsSync } from 'node:fs';

/** How a full ffmpeg is installed on this system, as a command in backquotes. */
export function installHint(platform: NodeJS.Platform = process.platform, exists: (path: string) => boolean = existsSync): string {
  if (platform === 'darwin') return '`brew install ffmpeg`';
  if (platform === 'win32') return '`winget install Gyan.FFmpeg`';
  if (exists('/etc/debian_version')) return '`sudo apt-get install -y ffmpeg`, on Debian 12, Ubuntu 23.04 or later';
  if (exists('/etc/alpine-release')) return '`sudo apk add ffmpeg`';
  if (exists('/etc/arch-release')) return '`sudo pacman -S ffmpeg`';
  if (exists('/etc/fedora-release')) return '`sudo dnf install ffmpeg` with RPM Fusion enabled';
  return 'through the package manager of your system, or a static build from ffmpeg.org';
}
