package refserver

var securityFaults = []Fault{}
