// Package local runs the shards of a crowd as processes of this machine, by the
// contract of package load/shard.
//
//   - crew.go: the run, from the first process to the merged report;
//   - process.go: one shard;
//   - signal_unix.go, signal_other.go: how a process is asked to end.
package local
