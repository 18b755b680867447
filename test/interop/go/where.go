package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// where names the lines of this program that led to a panic.
func where() string {
	counters := make([]uintptr, 30)
	frames := runtime.CallersFrames(counters[:runtime.Callers(3, counters)])
	var lines []string
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "main.") {
			lines = append(lines, fmt.Sprintf("  %s:%d", filepath.Base(frame.File), frame.Line))
		}
		if !more {
			return strings.Join(lines, "\n")
		}
	}
}
