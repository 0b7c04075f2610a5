package chart

import (
	"math"
	"slices"
	"strings"
)

// lines draws each line, in pieces where values are missing.
func (c *Chart) lines(v *Canvas) {
	for _, l := range c.Lines {
		if l.Dots {
			c.dots(v, l)
			continue
		}
		var path strings.Builder
		var alone []int // values with none beside them
		pen := "M"
		for i, value := range l.Values {
			if math.IsNaN(value) {
				pen = "M"
				continue
			}
			if pen == "M" && (i+1 == len(l.Values) || math.IsNaN(l.Values[i+1])) {
				alone = append(alone, i)
				continue
			}
			path.WriteString(pen + Number(c.x(c.At[i])) + " " + Number(c.y(value)))
			pen = "L"
		}
		v.Draw("path", "class", "line "+l.Class, "d", path.String())
		for _, i := range alone {
			v.Draw("circle", "class", "dot "+l.Class, "cx", c.x(c.At[i]), "cy", c.y(l.Values[i]), "r", 2.0)
		}
	}
}

func (c *Chart) dots(v *Canvas, l Line) {
	for i, value := range l.Values {
		if !math.IsNaN(value) {
			v.Open("circle", "class", "dot "+l.Class, "cx", c.x(c.At[i]), "cy", c.y(value), "r", 4.0)
			v.Text("title", l.Name+": "+c.X.Name(c.At[i])+", "+c.Y.Name(value))
			v.Close("circle")
		}
	}
}

// areas draws values on top of each other, the first at the bottom, over those points
// at which there are any.
func (c *Chart) areas(v *Canvas) {
	var at []int
	for i := range c.At {
		if !math.IsNaN(c.Lines[0].Values[i]) {
			at = append(at, i)
		}
	}
	below := make([]float64, len(c.At))
	for _, l := range c.Lines {
		var path strings.Builder
		for _, i := range slices.Backward(at) {
			path.WriteString("L" + Number(c.x(c.At[i])) + " " + Number(c.y(below[i])))
		}
		for _, i := range at {
			below[i] += l.Values[i]
			path.WriteString("L" + Number(c.x(c.At[i])) + " " + Number(c.y(below[i])))
		}
		if path.Len() > 0 {
			v.Draw("path", "class", "area "+l.Class, "d", "M"+path.String()[1:]+"Z")
		}
	}
}
