#include "transfer/progress.h"

#include <algorithm>
#include <cstdio>

namespace cloche::transfer {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFailuresKept = 100;
constexpr std::uint64_t kFailuresShown = 20;
constexpr int kBarWidth = 24;

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) value /= 1024, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

Progress::Progress(Env& env, Show show) : env_(env), show_(show), began_(env.monotonic()) {
  if (show_ != Show::Nothing) thread_ = std::thread([this] { run(); });
}

Progress::~Progress() { stop(); }

double Progress::seconds() const {
  return std::chrono::duration<double>(env_.monotonic() - began_).count();
}

std::string Progress::bar() const {
  const std::uint64_t all = units, done = units_done;
  const int filled =
      all == 0 ? 0 : static_cast<int>(done * static_cast<std::uint64_t>(kBarWidth) / all);
  const double passed = std::max(seconds(), 0.001);
  std::string out =
      "[" + std::string(static_cast<std::size_t>(filled), '#') +
      std::string(static_cast<std::size_t>(kBarWidth - filled), '.') + "] " + std::to_string(done) +
      "/" + std::to_string(all) + "  " + std::to_string(objects) + " objects, " +
      std::to_string(items) + " items, " + bytes_text(bytes) + ", " +
      bytes_text(static_cast<std::uint64_t>(static_cast<double>(bytes) / passed)) + "/s";
  if (present > 0) out += ", " + std::to_string(present) + " there already";
  return out;
}

void Progress::print(const std::string& text) {
  if (show_ == Show::Nothing) return;
  // The bar stands in the last line and is drawn again below.
  std::fprintf(stderr, show_ == Show::Bar ? "\r\033[K%s\n" : "%s\n", text.c_str());
}

void Progress::line(const std::string& text) {
  MutexLock lock(mutex_);
  print(text);
}

void Progress::warn(const std::string& text) {
  MutexLock lock(mutex_);
  if (std::ranges::find(warnings_, text) != warnings_.end()) return;
  warnings_.push_back(text);
  print("note: " + text);
}

void Progress::failure(const std::string& text) {
  ++failed_;
  MutexLock lock(mutex_);
  if (failures_.size() < kFailuresKept) failures_.push_back(text);
  // What fails for one reason fails a thousand times.
  if (failed_ <= kFailuresShown) print("failed: " + text);
  if (failed_ == kFailuresShown) print("(further failures are counted only)");
}

std::vector<std::string> Progress::warnings() const {
  MutexLock lock(mutex_);
  return warnings_;
}

std::vector<std::string> Progress::failures() const {
  MutexLock lock(mutex_);
  return failures_;
}

void Progress::stop() {
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (show_ == Show::Bar) std::fputs("\r\033[K", stderr);
}

void Progress::run() {
  const auto pause = show_ == Show::Bar ? 200ms : 5000ms;
  mutex_.lock();
  while (!stopping_) {
    if (changed_.wait_for(mutex_, pause, [this]() CLOCHE_REQUIRES(mutex_) { return stopping_; }))
      break;
    std::fprintf(stderr, show_ == Show::Bar ? "\r\033[K%s" : "%s\n", bar().c_str());
    std::fflush(stderr);
  }
  mutex_.unlock();
}

}  // namespace cloche::transfer
