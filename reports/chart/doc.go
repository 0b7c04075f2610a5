// Package chart draws figures over time and over sizes: as SVG that needs no script,
// and as the data that a script draws closer from.
//
//   - canvas.go: SVG in the making;
//   - axis.go: round ticks, linear, logarithmic, of times and of quantiles;
//   - chart.go, lines.go: a chart, and what is in it;
//   - thin.go: long lines with no more points than can be seen;
//   - interactive.go: the same chart for uPlot, which a dependency carries.
package chart
