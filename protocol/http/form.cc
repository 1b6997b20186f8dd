// What an exchange offers to the one operation whose head is in its body: S3's POST of forms.
#include "base/digest.h"
#include "protocol/auth/sigv4.h"
#include "protocol/codec/xml_document.h"
#include "protocol/http/exchange.h"

namespace cloche::protocol {

// Calls that a service makes itself have no form.
Result<Caller> Call::sign_in(const FormSignature&) { return bug("this call has no form"); }
void Call::reply(const Value&, std::unique_ptr<BodyMaker>) {
  fail(bug("this call's answer is made at once"));
}
Result<Value> Call::read_as(std::string_view, const Value&,
                            const std::vector<std::pair<std::string_view, std::string_view>>&) {
  return bug("this call has no form");
}
Result<Value> Call::read_shape(std::string_view, std::string_view) {
  return bug("this call has no form");
}

Result<Caller> Exchange::sign_in(const FormSignature& form) {
  Credential signer;
  if (form.v4) {
    signer = credential_of_scope(form.credential);
    if (signer.scope.empty()) {
      return refused(
          400, "InvalidArgument",
          "Error parsing the X-Amz-Credential parameter; the Credential is "
          "mal-formed; expecting "
          "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
          {{"ArgumentName", "X-Amz-Credential"}, {"ArgumentValue", std::string(form.credential)}});
    }
  } else {
    signer.access_key = form.credential;
  }
  signer.signature = form.signature;
  if (core_.options.auth == AuthMode::Verify)
    CLOCHE_TRY_VOID(check_form_signature(form, signer, core_.options.secret));
  return caller_of(signer);
}

Result<Value> Exchange::read_as(
    std::string_view operation, const Value& labels,
    const std::vector<std::pair<std::string_view, std::string_view>>& headers) {
  const Served* served = route.service->find(operation);
  if (served == nullptr || !served->handler) return bug("a form stands for no known operation");
  Request head;
  head.set_line("PUT", "/");
  for (const auto& [name, value] : headers) head.add_header(name, value);
  Labels texts;
  for (const Member& label : labels.members()) texts.emplace_back(label.name, label.value.text());
  return read_input(route.service->model(), *served->operation, head, texts, {}, arena_);
}

Result<Value> Exchange::read_shape(std::string_view shape, std::string_view text) {
  const Shape* known = route.service->model().known_shape(shape);
  if (known == nullptr) return bug("no operation that is served has this shape");
  return read_xml_document(arena_.copy(text), *known, {}, arena_);
}

}  // namespace cloche::protocol
