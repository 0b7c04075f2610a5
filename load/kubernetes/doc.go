// Package kubernetes carries out the shards of a load run as an Indexed Job. It
// writes the manifest and drives the site's own kubectl; it knows what a shard is
// from package shard, and nothing of the protocol.
//
// A map:
//
//   - job.go: a run as Kubernetes needs to know it, and what is wrong with one;
//   - manifest.go, templates: its objects as YAML;
//   - files.go: the files that the pods read, gathered from this machine;
//   - kubectl.go, state.go: the cluster, and what it tells of a run;
//   - run.go, fetch.go: what is done with a run, one call each;
//   - crew.go: a whole run, from the first object to the merged report.
//
// The folders base and overlay are the same Job for kustomize.
package kubernetes
