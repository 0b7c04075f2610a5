package approve

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// browsers are the names and places of browsers that can be driven, the small
// ones first.
var browsers = []string{
	"chromium-headless-shell", "headless_shell", "headless-shell", "chromium", "chromium-browser",
	"google-chrome", "google-chrome-stable", "chrome",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
}

// errNoBrowser says how to get one.
var errNoBrowser = errors.New("no browser is installed; on Debian `apt-get install chromium-headless-shell` " +
	"(or chromium) brings one, on macOS `brew install --cask chromium`, or name one in approve.browser")

// findBrowser looks for an installed browser, or for the one that is named.
func findBrowser(named string) (string, error) {
	if named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("approve.browser: %w", err)
		}
		return path, nil
	}
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w (looked for %s)", errNoBrowser, strings.Join(browsers[:8], ", "))
}
