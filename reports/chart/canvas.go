package chart

import (
	"fmt"
	"html"
	"html/template"
	"strconv"
	"strings"
)

// A Canvas is an SVG drawing in the making. Attributes are given as names and
// values in turn; everything is escaped.
type Canvas struct{ b strings.Builder }

// NewCanvas begins a drawing of a size in its own units, that says label to those
// who do not see it.
func NewCanvas(width, height float64, label string, attributes ...any) *Canvas {
	c := &Canvas{}
	size := "0 0 " + Number(width) + " " + Number(height)
	c.Open("svg", append([]any{"viewBox", size, "aria-label", label}, attributes...)...)
	return c
}

// Open begins an element.
func (c *Canvas) Open(name string, attributes ...any) {
	c.tag(name, attributes)
	c.b.WriteByte('>')
}

// Close ends an element.
func (c *Canvas) Close(name string) { c.b.WriteString("</" + name + ">") }

// Draw is an element without content.
func (c *Canvas) Draw(name string, attributes ...any) {
	c.tag(name, attributes)
	c.b.WriteString("/>")
}

// Text is an element that holds text: text or title.
func (c *Canvas) Text(name, text string, attributes ...any) {
	c.Open(name, attributes...)
	c.b.WriteString(html.EscapeString(text))
	c.Close(name)
}

// HTML ends the drawing.
func (c *Canvas) HTML() template.HTML {
	c.Close("svg")
	return template.HTML(c.b.String())
}

func (c *Canvas) tag(name string, attributes []any) {
	c.b.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		value := fmt.Sprint(attributes[i+1])
		if v, ok := attributes[i+1].(float64); ok {
			value = Number(v)
		}
		fmt.Fprintf(&c.b, ` %s="%s"`, attributes[i], html.EscapeString(value))
	}
}

// Number writes a coordinate: a tenth of a unit is finer than anyone sees.
func Number(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}
