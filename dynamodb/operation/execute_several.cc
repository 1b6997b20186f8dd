// BatchExecuteStatement and ExecuteTransaction.
#include <algorithm>

#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/operation/statements.h"
#include "dynamodb/operation/transact.h"

namespace cloche::dynamodb {
namespace {

// A statement of a batch: one that is none fails alone.
struct BatchPart {
  Result<Statement> statement;
  const Value* input = nullptr;
};

std::string batch_code(const Error& error) {
  if (error.code == "ValidationException") return "ValidationError";
  constexpr std::string_view kEnd = "Exception";
  return error.code.ends_with(kEnd) ? error.code.substr(0, error.code.size() - kEnd.size())
                                    : error.code;
}

Value failed(const Error& error, std::string_view table, Arena& arena) {
  Value out = Value::map();
  Value& told = out.add(arena, "Error", Value::map());
  told.add(arena, "Code", Value::string(arena, batch_code(error)));
  told.add(arena, "Message", Value::string(arena, error.message));
  for (const auto& [name, json] : error.details) {
    if (name == "=Item") told.add(arena, "Item", Value::raw(arena.copy(json)));
  }
  if (!table.empty()) out.add(arena, "TableName", Value::string(arena, table));
  return out;
}

// The answer to a whole batch, one element for each statement.
class BatchAnswer {
 public:
  BatchAnswer(const Value& input, Arena& arena) : arena_(arena), detail_(capacity_detail(input)) {}

  // Refusals belong to their statement, everything else to the whole request.
  Result<void> fail(const Error& error, std::string_view table) {
    if (error.kind != Error::Kind::Refused) return error;
    responses_.push(arena_, failed(error, table, arena_));
    return {};
  }

  void add(const Table& table, const Value& item, const ConsumedHalves& consumed) {
    Value& response = responses_.push(arena_, Value::map());
    response.add(arena_, "TableName", Value::string(arena_, table.name));
    if (item.present()) response.add(arena_, "Item", item);
    if (detail_ != CapacityDetail::None) {
      units_.push(arena_, consumed_capacity(table, consumed, detail_, UnitKind::Plain, arena_));
    }
  }

  Value output() {
    Value out = Value::map();
    out.add(arena_, "Responses", responses_);
    if (detail_ != CapacityDetail::None) out.add(arena_, "ConsumedCapacity", units_);
    return out;
  }

 private:
  Arena& arena_;
  CapacityDetail detail_;
  Value responses_ = Value::list();
  Value units_ = Value::list();
};

std::string_view table_name(const BatchPart& part) {
  return part.statement ? std::string_view((*part.statement).table) : std::string_view();
}

Result<Value> read_batch(Service& service, const engine::ReadView& view, const protocol::Call& call,
                         const std::vector<BatchPart>& parts, Arena& arena) {
  BatchAnswer answer(call.input(), arena);
  for (const BatchPart& part : parts) {
    const auto found = part.statement ? find_one(service, view, call, *part.statement,
                                                 "BatchExecuteStatement", arena)
                                      : Result<Found>(part.statement.error());
    if (!found) {
      CLOCHE_TRY_VOID(answer.fail(found.error(), table_name(part)));
      continue;
    }
    const bool consistent = (*part.input)["ConsistentRead"].as_bool();
    answer.add(*(*found).table, (*found).item, {read_halves((*found).bytes, consistent), {}});
  }
  return answer.output();
}

Result<ConsumedHalves> write_one(Service& service, engine::WriteTxn& txn,
                                 const protocol::Call& call, const BatchPart& part,
                                 Decision& decision, Arena& arena) {
  if (!part.statement) return part.statement.error();
  CLOCHE_TRY(const table, table_of(service, txn, call, *part.statement));
  CLOCHE_TRY(const plan, plan_write(service, *part.statement, *table, *part.input, arena));
  CLOCHE_TRY(located, locate(service, txn, call, plan));
  decision = std::move(located);
  CLOCHE_TRY_VOID(admit_write(decision.throttle, *decision.table));
  CLOCHE_TRY_VOID(decide(plan, txn, decision, arena));
  return apply(txn, decision, arena);
}

// Each statement for itself; what is refused has changed nothing.
Result<Value> write_batch(Service& service, engine::WriteTxn& txn, const protocol::Call& call,
                          const std::vector<BatchPart>& parts, Arena& arena) {
  BatchAnswer answer(call.input(), arena);
  for (const BatchPart& part : parts) {
    Decision decision;
    const auto consumed = write_one(service, txn, call, part, decision, arena);
    if (consumed) {
      answer.add(*decision.table, decision.attributes, *consumed);
    } else {
      CLOCHE_TRY_VOID(answer.fail(consumed.error(), table_name(part)));
    }
  }
  return answer.output();
}

// All of them read, or all of them write; a mixture is refused.
Result<bool> all_read(const std::vector<const Statement*>& statements, std::string_view operation) {
  const auto reads = [](const Statement* statement) { return statement->reads(); };
  if (std::ranges::all_of(statements, reads)) return true;
  if (std::ranges::none_of(statements, reads)) return false;
  return validation("The statements of " + std::string(operation) +
                    " must be all reads or all writes");
}

Result<Value> read_transaction(Service& service, const engine::ReadView& view,
                               const protocol::Call& call, const std::vector<Statement>& statements,
                               Arena& arena) {
  CapacityByTable units;
  Value responses = Value::list();
  for (const Statement& statement : statements) {
    CLOCHE_TRY(found, find_one(service, view, call, statement, "ExecuteTransaction", arena));
    Value& response = responses.push(arena, Value::map());
    if (found.item.present()) response.add(arena, "Item", found.item);
    units.add(found.table, {2 * read_halves(found.bytes, true), {}});
  }
  Value output = Value::map();
  output.add(arena, "Responses", responses);
  if (const auto detail = capacity_detail(call.input()); detail != CapacityDetail::None)
    output.add(arena, "ConsumedCapacity", units.list(detail, UnitKind::Read, arena));
  return output;
}

Result<Value> write_transaction(Service& service, engine::WriteTxn& txn, const protocol::Call& call,
                                const std::vector<Statement>& statements, Arena& arena) {
  std::vector<WritePlan> plans;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const Value& input = call.input()["TransactStatements"].items()[i];
    CLOCHE_TRY(const table, table_of(service, txn, call, statements[i]));
    CLOCHE_TRY(plan, plan_write(service, statements[i], *table, input, arena));
    plans.push_back(std::move(plan));
  }
  CLOCHE_TRY(const done, transact(service, txn, call, plans, arena));
  Value output = Value::map();
  output.add(arena, "Responses", Value::list());
  if (const Value& units = done["ConsumedCapacity"]; units.present())
    output.add(arena, "ConsumedCapacity", units);
  return output;
}

}  // namespace

Result<void> batch_execute_statement(Service& service, const protocol::CallPtr& call) {
  std::vector<BatchPart> parts;
  std::vector<const Statement*> statements;
  for (const Value& input : call->input()["Statements"].items()) {
    parts.push_back(
        {parse_statement(input["Statement"].text(), input["Parameters"], call->arena()), &input});
  }
  for (const BatchPart& part : parts) {
    if (part.statement) statements.push_back(&*part.statement);
  }
  CLOCHE_TRY(const reads, all_read(statements, "BatchExecuteStatement"));
  if (reads) {
    answer_read(service, call, [&](const engine::ReadView& view) {
      return read_batch(service, view, *call, parts, call->arena());
    });
    return {};
  }
  protocol::Call& request = *call;
  const std::string table(table_name(parts.front()));
  answer_write(service, call, table,
               [&service, &request, parts = std::move(parts)](engine::WriteTxn& txn) {
                 return write_batch(service, txn, request, parts, request.arena());
               });
  return {};
}

Result<void> execute_transaction(Service& service, const protocol::CallPtr& call) {
  std::vector<Statement> statements;
  std::vector<const Statement*> pointers;
  for (const Value& input : call->input()["TransactStatements"].items()) {
    CLOCHE_TRY(statement,
               parse_statement(input["Statement"].text(), input["Parameters"], call->arena()));
    statements.push_back(std::move(statement));
  }
  for (const Statement& statement : statements) pointers.push_back(&statement);
  CLOCHE_TRY(const reads, all_read(pointers, "ExecuteTransaction"));
  if (reads) {
    answer_read(service, call, [&](const engine::ReadView& view) {
      return read_transaction(service, view, *call, statements, call->arena());
    });
    return {};
  }
  protocol::Call& request = *call;
  const std::string table = statements.front().table;
  answer_write(
      service, call, table,
      [&service, &request, statements = std::move(statements),
       token = RequestToken(*call, "TransactStatements")](engine::WriteTxn& txn) -> Result<Value> {
        CLOCHE_TRY(const known, token.known(txn));
        if (known) {
          Value output = Value::map();
          output.add(request.arena(), "Responses", Value::list());
          return output;
        }
        CLOCHE_TRY(const output,
                   write_transaction(service, txn, request, statements, request.arena()));
        CLOCHE_TRY_VOID(token.remember(txn));
        return output;
      });
  return {};
}

}  // namespace cloche::dynamodb
