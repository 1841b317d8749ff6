#include "midillama/net/http_client.h"

#include "midillama/core/ascii.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <mutex>
#include <string_view>

namespace midillama::net {
namespace {

constexpr const char* kSchemes = "http,https";

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

// Once in a program, before its first request.
void begin() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) throw Error(fmt::format("libcurl cannot be used: {}", curl_easy_strerror(result)));
}

// What the callbacks of one request know.
struct Transfer {
  const HttpClientOptions& options;
  HttpResponse response = {};
  bool is_too_long = false;
};

std::size_t take_body(const char* bytes, std::size_t, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.is_too_long = count > transfer.options.largest_body - transfer.response.body.size();
  if (transfer.is_too_long) return 0;
  transfer.response.body.append(bytes, count);
  return count;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::size_t take_header(const char* bytes, std::size_t, std::size_t count, void* user) {
  auto& headers = static_cast<Transfer*>(user)->response.headers;
  const std::string_view line(bytes, count);
  if (line.starts_with("HTTP/")) headers.clear();  // of an interim answer before
  if (const auto colon = line.find(':'); colon != std::string_view::npos)
    headers[lower_ascii(std::string(line.substr(0, colon)))] = trimmed(line.substr(colon + 1));
  return count;
}

int ask_whether_stopped(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& is_stopped = static_cast<Transfer*>(user)->options.is_stopped;
  return is_stopped && is_stopped() ? 1 : 0;
}

void add_line(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

}  // namespace

std::string server_of(const std::string& url) {
  const std::string small = lower_ascii(url.substr(0, 8));
  const std::size_t begin = small.starts_with("https://") ? 8 : small.starts_with("http://") ? 7 : 0;
  const std::string host = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  if (begin == 0 || host.empty())
    throw InputError(begin == 0 ? url.substr(0, url.find_first_of("?#@")) : url, "",
                     "is no address of a server: it begins with http:// or https://");
  return small.substr(0, begin) + host.substr(host.rfind('@') + 1);
}

struct HttpClient::Implementation {
  HttpClientOptions options;
  std::mutex mutex = {};  // of what follows
  std::vector<Handle> idle = {};

  Handle take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return Handle(curl_easy_init());
    Handle handle = std::move(idle.back());
    idle.pop_back();
    return handle;
  }
  void give_back(Handle handle) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(handle));
  }
};

HttpClient::HttpClient(HttpClientOptions options) : implementation_(new Implementation{std::move(options)}) {
  begin();
}

HttpClient::~HttpClient() = default;

const HttpClientOptions& HttpClient::options() const {
  return implementation_->options;
}

HttpResponse HttpClient::send(const HttpRequest& request) {
  const HttpClientOptions& options = implementation_->options;
  const std::string server = server_of(request.url);
  Handle handle = implementation_->take();
  if (!handle) throw std::bad_alloc();
  curl_easy_reset(handle.get());  // keeps connections
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle.get(), option, value); };

  Transfer transfer{options};
  List headers;
  for (const auto& [name, value] : request.headers) add_line(headers, name + ": " + value);
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, kSchemes);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  set(CURLOPT_ACCEPT_ENCODING, "");  // every one that libcurl reads
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_limit.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.limit.count()));
  set(CURLOPT_WRITEFUNCTION, take_body);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, take_header);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, ask_whether_stopped);
  set(CURLOPT_XFERINFODATA, &transfer);
  if (request.body) {
    add_line(headers, "Content-Type: application/json");
    add_line(headers, "Expect:");  // not asked first whether a body may come: many servers do not answer
    set(CURLOPT_POSTFIELDS, request.body->c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
  }
  set(CURLOPT_HTTPHEADER, headers.get());

  char reason[CURL_ERROR_SIZE] = "";
  set(CURLOPT_ERRORBUFFER, reason);
  const CURLcode result = curl_easy_perform(handle.get());
  if (result == CURLE_ABORTED_BY_CALLBACK) throw Stopped(fmt::format("{}: broken off", server));
  if (transfer.is_too_long) throw NoAnswer(fmt::format("{}: its answer is longer than {} bytes", server, options.largest_body));
  if (result != CURLE_OK) {
    // In milliseconds no two answers that come too late would have the same reason.
    const bool has_reason = *reason != '\0' && result != CURLE_OPERATION_TIMEDOUT;
    const std::string why = fmt::format("{}: {}", server, has_reason ? reason : curl_easy_strerror(result));
    long sent = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_REQUEST_SIZE, &sent);
    if (sent == 0) throw NoServer(why);
    throw NoAnswer(why);
  }
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  const char* redirect = nullptr;
  curl_easy_getinfo(handle.get(), CURLINFO_REDIRECT_URL, &redirect);
  if (redirect != nullptr) transfer.response.redirect = redirect;
  implementation_->give_back(std::move(handle));
  return std::move(transfer.response);
}

}  // namespace midillama::net
