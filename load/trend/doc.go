// Package trend finds out whether a server gets slower by the codes that devices leave
// behind, and whether it recovers once they have expired.
//
//   - trend.go: the verdicts on a run's figures;
//   - slope.go: a slope that outliers hardly move, with its confidence interval.
package trend
