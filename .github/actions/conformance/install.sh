#!/bin/bash
# Puts the release that the workflow names into $RUNNER_TEMP, when its archive has the
# checksum that it must have, and says so in the output "found". Without a release there
# is nothing wrong: the action builds its own checkout then. A version that was asked for
# must be there, and a wrong checksum ends the job.
set -euo pipefail

version=${VERSION:-$ACTION_REF}
[[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || {
  [ -z "$VERSION" ] || { echo "::error::version is \"$VERSION\"; it must be that of a release, such as v1.2.3"; exit 1; }
  echo "found=false" >> "$GITHUB_OUTPUT"
  exit 0
}
case "$RUNNER_OS" in Linux) os=linux ;; macOS) os=darwin ;; Windows) os=windows ;; *) os=unknown ;; esac
case "$RUNNER_ARCH" in X64) arch=amd64 ;; ARM64) arch=arm64 ;; *) arch=unknown ;; esac
archive=dfcheck_${version#v}_${os}_$arch.tar.gz
[ "$os" != windows ] || archive=${archive%.tar.gz}.zip

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
from=https://github.com/dfcheck/dfcheck/releases/download/$version
for file in "$archive" checksums.txt; do
  curl -fsSL --retry 3 -o "$dir/$file" "$from/$file" || {
    [ -z "$VERSION" ] || { echo "::error::the release $version has no $file that can be fetched from $from"; exit 1; }
    echo "::notice::the release $version has no $file for this runner; dfcheck is built from its source"
    echo "found=false" >> "$GITHUB_OUTPUT"
    exit 0
  }
done

expected=${SHA256:-$(awk -v file="$archive" '$2 == file { print $1 }' "$dir/checksums.txt")}
if command -v sha256sum > /dev/null; then got=$(sha256sum "$dir/$archive"); else got=$(shasum -a 256 "$dir/$archive"); fi
got=${got%% *}
if [ -z "$expected" ] || [ "${got#\\}" != "$expected" ]; then
  echo "::error::$archive has the SHA-256 ${got#\\}, and ${expected:-none} was expected; it is not run"
  exit 1
fi
case "$archive" in
*.zip) unzip -qo "$dir/$archive" dfcheck.exe -d "$RUNNER_TEMP" ;;
*) tar -xzf "$dir/$archive" -C "$RUNNER_TEMP" dfcheck ;;
esac
echo "found=true" >> "$GITHUB_OUTPUT"
