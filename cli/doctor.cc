#include <cstdio>

#include "cli/commands.h"
#include "cli/environment.h"

namespace cloche::cli {

int doctor(const std::string& data, bool quiet) {
  const auto progress = [&](std::string_view line) {
    if (!quiet) std::fprintf(stderr, "  %.*s\n", static_cast<int>(line.size()), line.data());
  };
  const auto report = engine::doctor(Env::posix(), data, whole_schema(), progress);
  if (!report) {
    std::fprintf(stderr, "cloche doctor: %s\n", report.error().message.c_str());
    return 1;
  }
  for (const std::string& damage : report->damages) std::printf("DAMAGED  %s\n", damage.c_str());
  std::printf("%s: %llu rows, %llu blobs, %llu log records: %s\n", data.c_str(),
              static_cast<unsigned long long>(report->rows),
              static_cast<unsigned long long>(report->blobs),
              static_cast<unsigned long long>(report->log_records),
              report->damages.empty() ? "all sound" : "damage found");
  return report->damages.empty() ? 0 : 1;
}

}  // namespace cloche::cli
