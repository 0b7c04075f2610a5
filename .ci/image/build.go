package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// user is nobody of the host's, by its number: Kubernetes asks for one (runAsNonRoot).
const user = "65532:65532"

// index is the image for all platforms.
func (r *release) index() (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range r.programs {
		image, err := r.image(p)
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.OS, Architecture: p.Arch}}})
	}
	return index, nil
}

// image is that of one platform.
func (r *release) image(p program) (v1.Image, error) {
	files, err := r.files(p.Path)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files)),
			nil
	},
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer,
		History: v1.History{CreatedBy: ".ci/image", Created: v1.Time{Time: r.Date}}}); err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config.OS, config.Architecture, config.Created = p.OS, p.Arch, v1.Time{Time: r.Date}
	config.Config = v1.Config{
		Entrypoint: []string{"/dfcheck"}, User: user, WorkingDir: "/work",
		Env: []string{"PATH=/", "HOME=/work", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		Labels: map[string]string{
			"org.opencontainers.image.title":       "dfcheck",
			"org.opencontainers.image.description": "Checks and loads OAuth 2.0 device-flow servers",
			"org.opencontainers.image.source":      "https://github.com/dfcheck/dfcheck",
			"org.opencontainers.image.licenses":    "MIT",
			"org.opencontainers.image.version":     r.Version,
			"org.opencontainers.image.revision":    r.Commit,
		},
	}
	return mutate.ConfigFile(image, config)
}

// files is the file system of the image as a tar archive, the same for the same
// release.
func (r *release) files(path string) ([]byte, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		tar.Header
		data []byte
	}{
		{tar.Header{Name: "dfcheck", Mode: 0o755}, binary},
		{tar.Header{Name: "etc/passwd", Mode: 0o644}, []byte("dfcheck:x:65532:65532::/work:/dfcheck\n")},
		{tar.Header{Name: "etc/group", Mode: 0o644}, []byte("dfcheck:x:65532:\n")},
		{tar.Header{Name: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644}, roots()},
		{tar.Header{Name: "tmp/", Mode: 0o1777, Typeflag: tar.TypeDir}, nil},
		{tar.Header{Name: "work/", Mode: 0o755, Typeflag: tar.TypeDir, Uid: 65532, Gid: 65532}, nil},
	} {
		f.Size, f.ModTime, f.Format = int64(len(f.data)), r.Date, tar.FormatPAX
		if err := w.WriteHeader(&f.Header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), w.Close()
}

// roots are the certificates of public authorities that Mozilla trusts, of the version
// that go.mod names.
func roots() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // into memory
		}
	}
	return b.Bytes()
}
