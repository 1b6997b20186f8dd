// What Registry holds: models, handlers, and the ways to find a service for a request.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "protocol/codec/codec.h"
#include "protocol/http/request.h"
#include "protocol/model/model.h"
#include "protocol/protocol.h"
#include "protocol/route/templates.h"

namespace cloche::protocol {

// An operation as it is served.
struct Served {
  const Operation* operation = nullptr;
  Handler handler;         // Null: NotImplemented.
  std::size_t number = 0;  // Among all operations of all services: where its statistics are.
  std::string full_name;   // "s3.PutObject"
};

class ServiceEntry final : public Service {
 public:
  explicit ServiceEntry(std::string_view model_text, std::size_t first_number);
  void on(std::string_view operation, Handler handler) override;
  void leave_raw(std::string_view shape) override { model_.leave_raw(shape); }

  void on_site(std::string_view operation, std::function<bool(const HttpRequest&)> takes,
               Handler handler) override;
  void observe(std::function<void(const Finished&)> observer) override {
    observer_ = std::move(observer);
  }
  void judge_origins(OriginJudge judge) override { origin_judge_ = std::move(judge); }

  const Model& model() const { return model_; }
  const OriginJudge& origin_judge() const { return origin_judge_; }
  const std::function<void(const Finished&)>& observer() const { return observer_; }
  const Served* find(std::string_view operation) const;
  const Served* match(const Request& request, std::string_view path, Labels& labels,
                      Arena& arena) const;
  // Null if the request is no visit to a site of the service.
  const Served* site_of(const Request& request) const;
  const std::vector<std::unique_ptr<Served>>& operations() const { return served_; }

 private:
  Model model_;
  std::vector<std::unique_ptr<Served>> served_;  // In the order of the model's operations.
  std::unordered_map<std::string_view, Served*> by_name_;
  Templates templates_;
  OriginJudge origin_judge_;
  std::function<void(const Finished&)> observer_;
  struct Site {
    std::function<bool(const HttpRequest&)> takes;
    Served served;
  };
  std::vector<std::unique_ptr<Site>> sites_;
};

struct Registry::Impl {
  std::vector<std::unique_ptr<ServiceEntry>> services;
  std::size_t operation_count = 0;
  std::vector<std::string> left_out;

  ServiceEntry* find(std::string_view name) const;
  bool is_site(const Request& request) const;
  bool is_left_out(std::string_view name) const;
  ServiceEntry* by_target(std::string_view prefix) const;
  ServiceEntry* by_signing_name(std::string_view name) const;
};

}  // namespace cloche::protocol
