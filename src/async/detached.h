// A coroutine that nobody awaits: it runs at once and frees its own frame at its end. For the loops
// and TaskScope only; everything else spawns into a scope.
#pragma once

#include <coroutine>
#include <exception>

namespace holmes {

struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

}  // namespace holmes
