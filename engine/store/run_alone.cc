#include "engine/store/run_alone.h"

#include <exception>

namespace cloche::engine {

Result<void> run_alone(WriteTxn& txn, Closure& closure) noexcept try {
  return closure(txn);
} catch (const std::exception& exception) {
  return bug(exception.what());
} catch (...) {
  return bug("an exception of unknown type");
}

}  // namespace cloche::engine
