// Package merge makes one report of the reports of shards: histograms are added
// bucket by bucket, counts are summed, thresholds are judged on the whole, and
// percentiles are never averaged.
//
//   - folder.go: the files of the shards;
//   - shards.go: which of them stands for which shard, and that they are of one run;
//   - whole.go: the section of the whole;
//   - breakdown.go, distribution.go, timeline.go, violations.go: its parts;
//   - twice.go: what only the union shows.
package merge
