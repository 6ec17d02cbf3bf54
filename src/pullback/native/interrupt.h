// Ctrl-C while compiled code runs.
#pragma once

namespace pullback {

// Does somebody want what this thread runs to end? Python is asked now and then only, and by the
// main thread alone: then its error is set. Threads of the pool are told by the loop they work on.
bool interrupted();

// Is this the thread on which Python looks at signals?
bool in_main_thread();

bool interrupt_init();

}  // namespace pullback
