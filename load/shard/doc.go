// Package shard is the contract between a process that carries out a part of a
// crowd and whatever started it: index and count, start instant, readiness,
// files, exit codes. README.md has it in full.
package shard
