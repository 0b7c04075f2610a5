// Package threshold holds the figures of a load run against what was expected of them,
// such as poll.p99 < 250ms.
//
//   - parse.go: the expressions;
//   - measure.go: the figures that they can be about;
//   - growth.go: verdicts on the slopes of a trend;
//   - threshold.go: verdicts. A figure that says little of the target is no pass, and
//     one that the load generator may be the reason for is no failure.
package threshold
