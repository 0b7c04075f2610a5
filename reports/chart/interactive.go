package chart

import (
	"io"
	"math"
	"strconv"

	"github.com/tsenart/vegeta/v12/lib/plot"
)

// Library returns uPlot, its script and its style, as vegeta's plot package carries
// them. ok is false where that was built without.
func Library() (script, style string, ok bool) {
	script, ok = asset("uPlot.min.js")
	if !ok {
		return "", "", false
	}
	style, ok = asset("uPlot.min.css")
	return script, style, ok
}

func asset(name string) (string, bool) {
	f, err := plot.Assets.Open(name)
	if err != nil {
		return "", false
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	return string(text), err == nil
}

// Data is the chart as a script draws it.
type Data struct {
	Title   string     `json:"title"`
	Kind    Kind       `json:"kind"` // of the X axis
	Log     bool       `json:"log,omitempty"`
	Unit    string     `json:"unit,omitempty"`
	Stacked bool       `json:"stacked,omitempty"`
	At      []number   `json:"at"`
	Lines   []DataLine `json:"lines"`
	Marks   []Mark     `json:"marks,omitempty"`
	Edges   []Edge     `json:"edges,omitempty"`
	Low     float64    `json:"low,omitempty"`
	High    float64    `json:"high,omitempty"`
}

// DataLine is a line as a script draws it.
type DataLine struct {
	Name   string   `json:"name"`
	Class  string   `json:"class"`
	Dots   bool     `json:"dots,omitempty"`
	Values []number `json:"values"`
}

// Data of the chart, without what nobody can see.
func (c *Chart) Data() Data {
	d := Data{Title: c.Title, Kind: c.X.Kind, Log: c.Y.Kind == Log, Unit: c.Y.Unit, Stacked: c.Stacked,
		At: numbers(c.At), Marks: c.Marks, Edges: c.Edges, Low: c.Low, High: c.High}
	for _, l := range c.Lines {
		d.Lines = append(d.Lines, DataLine{l.Name, l.Class, l.Dots, numbers(l.Values)})
	}
	return d
}

func numbers(values []float64) []number {
	out := make([]number, len(values))
	for i, v := range values {
		out[i] = number(v)
	}
	return out
}

// number is written with six digits, and as null where there is none.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return strconv.AppendFloat(nil, v, 'g', 6, 64), nil
	}
	return []byte("null"), nil
}
