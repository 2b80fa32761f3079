#!/usr/bin/env bash
# Make the bundled clip: a minute in which being apart can be seen (timecode, frame number, a ball that
# lands on each second) and heard (a soft tick on each second, a higher one on each tenth).
#
# Needs ffmpeg with drawtext, libvpx-vp9 and libopus, and a monospaced font that fontconfig knows.
# A key frame each second keeps seeking quick.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-public/clip.webm}
seconds=60
fps=30
font=${FONT:-monospace}

tick='0.22*exp(-55*mod(t,1))*sin(2*PI*(660+440*lt(mod(t,10),1))*mod(t,1))'

# The ball is at the floor when t is a whole second; it crosses the picture every ten seconds.
ball_x='40+(W-80-w)*mod(t,10)/10'
ball_y='250-h-105*abs(sin(PI*t))'

graph="
color=c=0x14213d:s=640x360:r=$fps:d=$seconds[sky];
color=c=0xfca311:s=36x36:r=$fps:d=$seconds,format=yuva420p,
  geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='255*lt(hypot(X-17.5,Y-17.5),17.5)'[ball];
color=c=0xfca311:s=640x6:r=$fps:d=$seconds[progress];
[sky]drawbox=x=0:y=250:w=640:h=2:c=0x5c6b8a:t=fill,
  drawbox=x=0:y=252:w=640:h=108:c=0x0d1629:t=fill,
  drawbox=x=0:y=250:w=640:h=2:c=0xffffff:t=fill:enable='lt(mod(t,1),0.1)'[stage];
[stage][ball]overlay=x='$ball_x':y='$ball_y'[bouncing];
[bouncing][progress]overlay=x='-W+W*t/$seconds':y=354,
  drawtext=font=$font:text='tutti':fontcolor=0x8d9ab8:fontsize=20:x=24:y=20,
  drawtext=font=$font:text='frame %{frame_num}':fontcolor=0x8d9ab8:fontsize=20:x=w-24-tw:y=20,
  drawtext=font=$font:text='%{pts\:hms}':fontcolor=white:fontsize=54:x=(w-tw)/2:y=280
"

encode() {
  ffmpeg -hide_banner -loglevel error -y \
    -filter_complex "${graph}[picture];aevalsrc='$tick':s=48000:n=960:d=$seconds[sound]" \
    -map '[picture]' -map '[sound]' \
    -c:v libvpx-vp9 -pix_fmt yuv420p -crf 50 -b:v 0 -g "$fps" -keyint_min "$fps" \
    -tune-content screen -deadline good -cpu-used 2 -row-mt 1 -auto-alt-ref 1 -lag-in-frames 25 \
    -c:a libopus -b:a 20k -ac 1 \
    -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1 \
    "$@"
}

log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
encode -pass 1 -passlogfile "$log/pass" -f null /dev/null
encode -pass 2 -passlogfile "$log/pass" "$out"
