// SPDX-License-Identifier: Apache-2.0
// Fibers over the C library's contexts.
#include "runtime/os/fiber.hpp"

#include <sys/mman.h>
#include <ucontext.h>

#include <cassert>
#include <cstddef>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace holdfast::os {

namespace {

/// Pages are taken when they are touched, so a generous stack costs little.
constexpr std::size_t stack_bytes = 512UL * 1024;

void about_to_switch([[maybe_unused]] void** leaves, [[maybe_unused]] const void* bottom,
                     [[maybe_unused]] std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(leaves, bottom, size);
#endif
}

void has_switched([[maybe_unused]] void* returns, [[maybe_unused]] const void** bottom,
                  [[maybe_unused]] std::size_t* size) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(returns, bottom, size);
#endif
}

} // namespace

struct fiber::core {
  std::function<void()> what;
  void* stack = nullptr;
  ucontext_t inside{};
  ucontext_t outside{};
  void* inside_shadow = nullptr; // the sanitizer's notes
  void* outside_shadow = nullptr;
  const void* outside_bottom = nullptr;
  std::size_t outside_size = 0;
  bool returned = false;

  static thread_local core* running;

  void leave() {
    about_to_switch(returned ? nullptr : &inside_shadow, outside_bottom, outside_size);
    ::swapcontext(&inside, &outside);
    has_switched(inside_shadow, &outside_bottom, &outside_size);
  }

  static void begin() {
    auto* const self = running;
    has_switched(nullptr, &self->outside_bottom, &self->outside_size);
    self->what();
    self->returned = true;
    self->leave();
  }
};

thread_local fiber::core* fiber::core::running = nullptr;

fiber::fiber(std::function<void()> what) : core_{std::make_unique<core>()} {
  core_->what = std::move(what);
  auto* const pages = ::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (pages == MAP_FAILED)
    throw std::bad_alloc{};
  core_->stack = pages;
  ::getcontext(&core_->inside);
  core_->inside.uc_stack.ss_sp = pages;
  core_->inside.uc_stack.ss_size = stack_bytes;
  core_->inside.uc_link = nullptr;
  ::makecontext(&core_->inside, &core::begin, 0);
}

fiber::~fiber() {
  ::munmap(core_->stack, stack_bytes);
}

void fiber::resume() {
  assert(core::running == nullptr && !core_->returned);
  core::running = core_.get();
  about_to_switch(&core_->outside_shadow, core_->stack, stack_bytes);
  ::swapcontext(&core_->outside, &core_->inside);
  has_switched(core_->outside_shadow, nullptr, nullptr);
  core::running = nullptr;
}

bool fiber::has_returned() const {
  return core_->returned;
}

void fiber::pause() {
  assert(core::running != nullptr);
  core::running->leave();
}

} // namespace holdfast::os
