package refserver

var contentTypeFaults = []Fault{}
