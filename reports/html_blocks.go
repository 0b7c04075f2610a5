package reports

// shownBlock is a block as the page shows it.
type shownBlock struct {
	Title   string
	Entries []fact
	Head    []string
	Rows    [][]string
}

// shownBlocks are those that have anything to show.
func shownBlocks(list ...block) (out []shownBlock) {
	for _, b := range list {
		if b.empty() {
			continue
		}
		s := shownBlock{Title: b.title}
		for _, e := range b.entries {
			s.Entries = append(s.Entries, fact{Name: e.label, Value: e.text})
		}
		if len(b.table) > 1 {
			s.Head, s.Rows = b.table[0], b.table[1:]
		}
		out = append(out, s)
	}
	return out
}

// RunInFull is all that is known of the run.
func (p *page) RunInFull() []shownBlock {
	list := []block{p.headBlock()}
	if p.Conformance != nil {
		list = append(list, p.Conformance.planBlock())
	}
	return shownBlocks(list...)
}

// Mitigations are those of RFC 10027 section 6.1 that were looked for.
func (p *page) Mitigations() []shownBlock {
	b := p.Conformance.mitigationBlock()
	b.title = ""
	return shownBlocks(b)
}

// LoadInFull has every figure of a load run, under the name that it has in the
// document.
func (p *page) LoadInFull() []shownBlock {
	list := []block{p.Load.shardsBlock()}
	for _, b := range p.Load.blocks(duration(p.Run.DurationMS)) {
		if b.detail && b.title != expectedTitle {
			list = append(list, b)
		}
	}
	return shownBlocks(list...)
}

// Against holds the forecast of a load run against it.
func (p *page) Against() []shownBlock {
	b := p.Load.expectedBlock()
	b.title = ""
	return shownBlocks(b)
}

// LimitsInFull are the limiters that were found.
func (p *page) LimitsInFull() []shownBlock { return shownBlocks(p.Limits.blocks()...) }

// PlanInFull has every figure of a plan at every interval.
func (p *page) PlanInFull() []shownBlock { return shownBlocks(p.Plan.inFull()) }
