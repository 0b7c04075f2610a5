// Package shard is the contract between a process that carries out a part of a
// crowd and whatever started it. README.md has it in full.
//
//   - index.go: which part;
//   - start.go: readiness, and the instant at which all parts start;
//   - clock.go: how far the clock is from the target's;
//   - files.go: the files of a shard;
//   - line.go: its progress, for whoever follows the shards.
package shard
