package refserver

var concurrencyFaults = []Fault{}
