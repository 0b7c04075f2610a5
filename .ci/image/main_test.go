package main

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// distOf is a folder as goreleaser leaves it.
func distOf(t *testing.T, version string) string {
	t.Helper()
	dist := t.TempDir()
	artifacts := `[{"type":"Archive","path":"x.tar.gz","goos":"linux","goarch":"amd64"},
		{"type":"Binary","path":"bin/dist/dfcheck_windows/dfcheck.exe","goos":"windows","goarch":"amd64"},
		{"type":"Binary","path":"bin/dist/dfcheck_linux_amd64_v1/dfcheck","goos":"linux","goarch":"amd64"},
		{"type":"Binary","path":"bin/dist/dfcheck_linux_arm64_v8.0/dfcheck","goos":"linux","goarch":"arm64"}]`
	for file, text := range map[string]string{"artifacts.json": artifacts,
		"metadata.json":                    `{"version":"` + version + `","commit":"0123456789abcdef","date":"2026-11-27T10:00:00Z"}`,
		"dfcheck_linux_amd64_v1/dfcheck":   "the program for amd64",
		"dfcheck_linux_arm64_v8.0/dfcheck": "the program for arm64"} {
		path := filepath.Join(dist, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dist
}

// TestPush: the registry has both platforms under the version, and under latest for what
// is no pre-release; the same release makes the same image.
func TestPush(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/dfcheck"
	for _, version := range []string{"1.2.3-rc.1", "1.2.3", "1.2.3"} {
		if err := run(distOf(t, version), "", repository); err != nil {
			t.Fatal(err)
		}
	}
	digests := map[string]string{}
	for _, tag := range []string{"1.2.3-rc.1", "1.2.3", "latest"} {
		ref, err := name.ParseReference(repository + ":" + tag)
		if err != nil {
			t.Fatal(err)
		}
		index, err := remote.Index(ref)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := index.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests[tag] = digest.String()
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		var platforms []string
		for _, m := range manifest.Manifests {
			platforms = append(platforms, m.Platform.String())
			image, err := index.Image(m.Digest)
			if err != nil {
				t.Fatal(err)
			}
			config, err := image.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			if config.Config.User != "65532:65532" || config.Architecture != m.Platform.Architecture {
				t.Errorf("%s runs as %q on %s", m.Platform, config.Config.User, config.Architecture)
			}
		}
		if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
			t.Errorf("%s has %q", tag, platforms)
		}
	}
	if digests["latest"] != digests["1.2.3"] || digests["latest"] == digests["1.2.3-rc.1"] {
		t.Errorf("latest is %v", digests)
	}
}

func TestCertificates(t *testing.T) {
	if n := strings.Count(string(roots()), "BEGIN CERTIFICATE"); n < 100 {
		t.Errorf("only %d authorities", n)
	}
}
