// The mark of functions that run between clone and exec.
#pragma once

/// Such a function shares memory and thread-local storage with the sleeping parent and never returns to its caller
/// there: a sanitizer's bookkeeping of its frames would be left behind in the parent's.
#define FOSTER_IN_CHILD __attribute__((no_sanitize("address", "undefined", "thread")))
