// Command image builds the container image of a release without a daemon: nothing but
// the program, the certificates of public authorities and an empty folder to work in,
// for linux on amd64 and arm64.
//
//	image -dist bin/dist -out bin/dist/image               an OCI image layout
//	image -dist bin/dist -push ghcr.io/dfcheck/dfcheck     to a registry, under its version and latest
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func main() {
	log.SetFlags(0)
	dist := flag.String("dist", "bin/dist", "folder that goreleaser wrote")
	out := flag.String("out", "", "folder for an OCI image layout")
	push := flag.String("push", "", "repository to push to, under the version and, unless it is a pre-release, latest")
	flag.Parse()
	if err := run(*dist, *out, *push); err != nil {
		log.Fatalf("image: %v", err)
	}
}

func run(dist, out, push string) error {
	r, err := readRelease(dist)
	if err != nil {
		return err
	}
	index, err := r.index()
	if err != nil {
		return err
	}
	if out != "" {
		err = r.write(index, out)
	}
	if push != "" && err == nil {
		err = r.push(index, push)
	}
	return err
}

// release is what goreleaser says of the programs that it built.
type release struct {
	Version  string    `json:"version"`
	Commit   string    `json:"commit"`
	Date     time.Time `json:"date"`
	programs []program
}

// program is the binary for one platform.
type program struct {
	Type string `json:"type"`
	Path string `json:"path"`
	OS   string `json:"goos"`
	Arch string `json:"goarch"`
}

// readRelease finds the programs for linux.
func readRelease(dist string) (*release, error) {
	r := &release{}
	var all []program
	for file, into := range map[string]any{"metadata.json": r, "artifacts.json": &all} {
		text, err := os.ReadFile(filepath.Join(dist, file))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	for _, p := range all {
		if p.Type == "Binary" && p.OS == "linux" {
			p.Path = filepath.Join(dist, filepath.Base(filepath.Dir(p.Path)), filepath.Base(p.Path))
			r.programs = append(r.programs, p)
		}
	}
	if len(r.programs) != 2 {
		return nil, fmt.Errorf("%d programs for linux in %s; expected those for amd64 and arm64", len(r.programs), dist)
	}
	return r, nil
}

// write makes an OCI image layout: the image under the version, and for tools that take
// no index that of each platform under VERSION-ARCH.
func (r *release) write(index v1.ImageIndex, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	called := func(tag string) layout.Option {
		return layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag})
	}
	if err := path.AppendIndex(index, called(r.Version)); err != nil {
		return err
	}
	for _, p := range r.programs {
		image, err := r.image(p)
		if err != nil {
			return err
		}
		if err := path.AppendImage(image, called(r.Version+"-"+p.Arch)); err != nil {
			return err
		}
	}
	return nil
}

// push writes the image to a repository.
func (r *release) push(index v1.ImageIndex, repository string) error {
	tags := []string{r.Version}
	if !strings.Contains(r.Version, "-") {
		tags = append(tags, "latest")
	}
	var errs []error
	for _, tag := range tags {
		ref, err := name.ParseReference(repository + ":" + tag)
		if err == nil {
			err = remote.WriteIndex(ref, index, remote.WithAuthFromKeychain(authn.DefaultKeychain))
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		digest, err := index.Digest()
		fmt.Printf("%s@%s\n", ref, digest)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
