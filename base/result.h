// A value, or the reason why there is none. Our functions announce failure this way and never by
// throwing.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace cloche {

// Ask before you take: taking what is not there ends the process.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& operator*() & {
    CLOCHE_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const& {
    CLOCHE_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& operator*() && {
    CLOCHE_CHECK(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }
  const Error& error() const& {
    CLOCHE_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    CLOCHE_CHECK(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const& {
    CLOCHE_CHECK(error_.has_value());
    return *error_;
  }
  Error&& error() && {
    CLOCHE_CHECK(error_.has_value());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace cloche

#define CLOCHE_JOIN_(a, b) a##b
#define CLOCHE_JOIN(a, b) CLOCHE_JOIN_(a, b)
#define CLOCHE_TRY_(temporary, declaration, ...)       \
  auto temporary = (__VA_ARGS__);                      \
  if (!temporary) return std::move(temporary).error(); \
  auto declaration = *std::move(temporary)
// CLOCHE_TRY(const table, find_table(...)): declares `table`, or returns the error to the caller.
#define CLOCHE_TRY(declaration, ...) \
  CLOCHE_TRY_(CLOCHE_JOIN(result_, __LINE__), declaration, __VA_ARGS__)
// CLOCHE_TRY_VOID(store_item(...)): goes on, or returns the error to the caller.
#define CLOCHE_TRY_VOID(...) \
  if (auto result_void_ = (__VA_ARGS__); !result_void_) return std::move(result_void_).error()
