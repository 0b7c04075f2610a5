// Package digests lets shards find out that two of them got the same code or token
// without telling anybody what it was: each keeps digests, keyed by what only the
// shards of a run share, and a merge compares them.
//
//   - key.go: digests;
//   - recorder.go: what a shard keeps while it runs;
//   - file.go: how that is written and read;
//   - twice.go: what two shards had at the same time.
package digests
