#include "protocol/http/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/digest.h"
#include "base/freed.h"
#include "protocol/http/core.h"

namespace cloche::protocol {
namespace {

constexpr long kValidSeconds = 10L * 365 * 24 * 3600;
constexpr const char* kNames =
    "DNS:localhost,DNS:*.localhost,DNS:localhost.localstack.cloud,DNS:*.localhost.localstack.cloud,"
    "DNS:s3.localhost.localstack.cloud,DNS:*.s3.localhost.localstack.cloud,DNS:*.s3.localhost,DNS:*"
    ".amazonaws.com,"
    "DNS:*.s3.amazonaws.com,IP:127.0.0.1,IP:::1";

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

Error tls_error(const std::string& what) {
  char text[256] = "";
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  return unavailable(what + ": " + text);
}

// Key and certificate as PEM, for this machine's names.
Result<std::string> make_certificate(Env& env) {
  Key key(EVP_EC_gen("P-256"));
  Certificate certificate(X509_new());
  if (!key || !certificate) return tls_error("make a TLS key");
  X509* const made = certificate.get();
  X509_set_version(made, 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), env.random_u64() >> 1);
  X509_gmtime_adj(X509_getm_notBefore(made), -24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(made), kValidSeconds);
  X509_set_pubkey(made, key.get());
  X509_NAME* const name = X509_get_subject_name(made);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(made, name);
  X509V3_CTX extension_context;
  X509V3_set_ctx_nodb(&extension_context);
  X509V3_set_ctx(&extension_context, made, made, nullptr, nullptr, 0);
  for (const auto& [id, value] : {std::pair(NID_subject_alt_name, kNames),
                                  std::pair(NID_basic_constraints, "critical,CA:TRUE")}) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &extension_context, id, value);
    if (extension == nullptr) return tls_error("describe a TLS certificate");
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  }
  if (X509_sign(made, key.get(), EVP_sha256()) == 0) return tls_error("sign a TLS certificate");
  Memory memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(memory.get(), made);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Result<std::string> read_text(Env& env, const std::string& path) {
  CLOCHE_TRY(const file, env.open(path, OpenMode::Read));
  CLOCHE_TRY(const size, file->size());
  std::string text(static_cast<std::size_t>(size), '\0');
  CLOCHE_TRY_VOID(file->read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

Result<std::string> stored_or_made(Env& env, const std::string& directory) {
  const std::string path = directory + "/server.pem";
  CLOCHE_TRY(const there, env.exists(path));
  if (there) return read_text(env, path);
  CLOCHE_TRY(text, make_certificate(env));
  CLOCHE_TRY_VOID(env.create_directories(directory));
  // Written beside and renamed, so that a crash leaves no half of it.
  const std::string beside = path + ".new";
  CLOCHE_TRY_VOID(env.remove(beside));
  {
    CLOCHE_TRY(const file, env.open(beside, OpenMode::CreateExclusive));
    CLOCHE_TRY_VOID(file->write_at(0, as_bytes(text)));
  }
  CLOCHE_TRY_VOID(env.rename(beside, path));
  return text;
}

}  // namespace

Core::~Core() {
  if (tls != nullptr) SSL_CTX_free(tls);
}

ssl_ctx_st* share_tls(ssl_ctx_st* tls) {
  if (tls != nullptr) SSL_CTX_up_ref(tls);
  return tls;
}

Result<ssl_ctx_st*> make_tls(Env& env, const ServerOptions& options) {
  if (options.certificate_file.empty() && options.certificate_directory.empty())
    return static_cast<ssl_ctx_st*>(nullptr);
  CLOCHE_TRY(const pem, options.certificate_file.empty()
                            ? stored_or_made(env, options.certificate_directory)
                            : read_text(env, options.certificate_file));
  Context context(SSL_CTX_new(TLS_server_method()));
  if (!context) return tls_error("make a TLS context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  Memory key_memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(key_memory.get(), nullptr, nullptr, nullptr));
  Memory certificate_memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(PEM_read_bio_X509(certificate_memory.get(), nullptr, nullptr, nullptr));
  if (!key || !certificate) return tls_error("read the TLS certificate and key");
  if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    return tls_error("use the TLS certificate");
  }
  while (Certificate next{PEM_read_bio_X509(certificate_memory.get(), nullptr, nullptr, nullptr)}) {
    SSL_CTX_add1_chain_cert(context.get(), next.get());
  }
  ERR_clear_error();  // Reading stops at the end of the text with an error in the queue.
  // Only HTTP/1.1 is spoken here; a client that asks for h2 first takes the second.
  SSL_CTX_set_alpn_select_cb(
      context.get(),
      [](SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
         unsigned in_size, void*) {
        static const unsigned char ours[] = "\x08http/1.1";
        unsigned char* chosen = nullptr;
        if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, in, in_size) !=
            OPENSSL_NPN_NEGOTIATED)
          return SSL_TLSEXT_ERR_NOACK;
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  return context.release();
}

}  // namespace cloche::protocol
