// Package chart draws figures over time and sizes as SVG that needs no script.
package chart
