package kubernetes

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Fetch copies the files of the shards into a folder. A pod with the same image
// reads them from the claim: those of the shards have ended.
func (c Cluster) Fetch(ctx context.Context, j *Job, folder string) error {
	name := j.Name + "-files"
	if _, err := c.run(ctx, j.FilesPod(), "create", "-f", "-"); err != nil {
		return err
	}
	if _, err := c.run(ctx, nil, "wait", "--for=condition=Ready", "--timeout=2m", "pod/"+name); err != nil {
		return err
	}
	var err error
	for range 3 { // a connection that breaks off cuts the archive, which is an error then
		if err = c.copyFiles(ctx, name, j.Results(), folder); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (c Cluster) copyFiles(ctx context.Context, pod, from, to string) error {
	ofCall, ofRead := c.stream(ctx, func(out io.Reader) error {
		err := Unpack(out, to)
		io.Copy(io.Discard, out) // so that kubectl ends
		return err
	}, "exec", pod, "-c", "dfcheck", "--", "/dfcheck", "load", "files", from)
	return cmp.Or(ofCall, ofRead)
}

// fileNames are those of the files of shards.
var fileNames = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9.]*$`)

// Pack writes the files of a folder as an archive.
func Pack(w io.Writer, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	for _, e := range entries {
		if !e.Type().IsRegular() || !fileNames.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		err = t.WriteHeader(&tar.Header{Name: e.Name(), Mode: 0o644, Size: int64(len(text)), ModTime: time.Unix(0, 0)})
		if err != nil {
			return err
		}
		if _, err := t.Write(text); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close())
}

// maxUnpacked is more than all shards of a run write.
const maxUnpacked = 8 << 30

// Unpack reads an archive of Pack into a folder. An archive that was cut off, or
// holds anything but plain files, is an error.
func Unpack(r io.Reader, folder string) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("the files of the shards did not arrive whole: %w", err)
	}
	t := tar.NewReader(io.LimitReader(z, maxUnpacked))
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, z) // to the checksum
		}
		if h == nil || err != nil {
			if err != nil {
				err = fmt.Errorf("the files of the shards did not arrive whole: %w", err)
			}
			return err
		}
		if h.Typeflag != tar.TypeReg || !fileNames.MatchString(h.Name) {
			return fmt.Errorf("%q is not the name of a file of a shard", h.Name)
		}
		if err := unpackFile(filepath.Join(folder, h.Name), t); err != nil {
			return err
		}
	}
}

func unpackFile(path string, r io.Reader) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	if err != nil {
		err = fmt.Errorf("the files of the shards did not arrive whole: %w", err)
	}
	return errors.Join(err, out.Close())
}
