package chart

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// A Chart is lines over one axis.
type Chart struct {
	Title string
	X, Y  Axis
	At    []float64 // of the values, on the X axis
	Lines []Line
	Marks []Mark
	// Stacked values stand on top of each other.
	Stacked bool
	// Edges are values of the X axis at which something began, with its name.
	Edges []Edge
	// Low and High bound a band of the X axis, where High is above 0.
	Low, High float64
}

// A Line has a value for each of the chart's At; NaN is none.
type Line struct {
	Name   string
	Class  string // s1 to s6: its colour
	Values []float64
	Dots   bool // measurements by themselves, no line between them
}

// A Mark is a value that was expected not to be passed.
type Mark struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Missed bool    `json:"missed,omitempty"`
}

// An Edge is where a stage begins.
type Edge struct {
	Name string  `json:"name"`
	At   float64 `json:"at"`
}

// The drawing's measures, in its own units. It is read at half its size and at
// twice.
const (
	width, height      = 520.0, 250.0
	left, right        = 58.0, 14.0
	upper, lower       = 16.0, 28.0
	wideX, highY       = width - left - right, height - upper - lower
	tickX, tickY       = 6, 5
	labelY, markOffset = 4.0, 4.0
)

// SVG draws the chart.
func (c *Chart) SVG() template.HTML {
	v := NewCanvas(width, height, c.label(), "role", "img", "class", "chart")
	c.grid(v)
	if c.Stacked {
		c.areas(v)
	} else {
		c.lines(v)
	}
	c.marks(v)
	return v.HTML()
}

// label says the chart to those who do not see it.
func (c *Chart) label() string {
	var said []string
	for _, l := range c.Lines {
		if low, high, ok := span(l.Values); ok {
			said = append(said, fmt.Sprintf("%s from %s%s to %s%s", l.Name, short(low), c.Y.Unit, short(high), c.Y.Unit))
		}
	}
	for _, m := range c.Marks {
		said = append(said, m.Name)
	}
	return c.Title + ": " + strings.Join(said, "; ")
}

// span is the smallest and the largest of some values.
func span(values []float64) (low, high float64, ok bool) {
	for _, v := range values {
		switch {
		case math.IsNaN(v):
		case !ok:
			low, high, ok = v, v, true
		default:
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high, ok
}

func (c *Chart) x(v float64) float64 { return left + wideX*c.X.At(v) }

func (c *Chart) y(v float64) float64 { return upper + highY*(1-c.Y.At(v)) }

func (c *Chart) grid(v *Canvas) {
	if c.High > 0 {
		x := c.x(c.Low)
		v.Draw("rect", "class", "band", "x", x, "y", upper, "width", c.x(c.High)-x, "height", highY)
	}
	for _, t := range c.Y.Ticks {
		y := c.y(t)
		v.Draw("line", "class", "grid", "x1", left, "y1", y, "x2", width-right, "y2", y)
		v.Text("text", c.Y.Name(t), "x", left-6, "y", y+labelY, "text-anchor", "end")
	}
	for _, t := range c.X.Ticks {
		x := c.x(t)
		anchor := "middle"
		if x > width-right-20 {
			anchor = "end"
		}
		v.Draw("line", "class", "grid", "x1", x, "y1", height-lower, "x2", x, "y2", height-lower+4)
		v.Text("text", c.X.Name(t), "x", x, "y", height-lower+18, "text-anchor", anchor)
	}
	for _, e := range c.Edges {
		x := c.x(e.At)
		v.Draw("line", "class", "edge", "x1", x, "y1", upper, "x2", x, "y2", height-lower)
		v.Text("text", e.Name, "class", "soft", "x", x+3, "y", upper-4)
	}
}

// marks are drawn with their names at the right, above the line.
func (c *Chart) marks(v *Canvas) {
	for _, m := range c.Marks {
		class := "mark"
		if m.Missed {
			class = "mark missed"
		}
		y := c.y(m.Value)
		v.Draw("line", "class", class, "x1", left, "y1", y, "x2", width-right, "y2", y)
		v.Text("text", m.Name, "class", class, "x", width-right, "y", y-markOffset, "text-anchor", "end")
	}
}
