// Clients of a study's server, and servers that run as long as an object lives: in a thread, or as a process that can be killed.
#pragma once

#include "midillama/core/file.h"
#include "midillama/study/server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace midillama::study {

struct Answered {
  int status = 0;  // 0: no answer
  Json body;

  std::string code() const { return body.at("error").at("code").is_null() ? "" : body.at("error").at("code").get<std::string>(); }
};

class StudyClient {
 public:
  StudyClient(int port, std::string key) : client_("127.0.0.1", port), key_(std::move(key)) { client_.set_read_timeout(30); }

  Answered post(const std::string& path, const Json& body = Json::object()) {
    const auto result = client_.Post(path, headers(), body.dump(), "application/json");
    return result ? Answered{result->status, Json::parse(result->body)} : Answered{};
  }
  httplib::Result get(const std::string& path) { return client_.Get(path, headers()); }
  Json state() { return post("/v1/state").body; }

 private:
  httplib::Headers headers() const { return key_.empty() ? httplib::Headers{} : httplib::Headers{{"Authorization", "Bearer " + key_}}; }

  httplib::Client client_;
  std::string key_;
};

class RunningStudy {
 public:
  explicit RunningStudy(const std::filesystem::path& folder, double requests_per_second = 1000)
      : server_(folder,
                {.http = {.port = 0, .is_stopped = [this] { return is_stopped_.load(); }}, .requests_per_second = requests_per_second}) {
    port_ = server_.bind();
    thread_ = std::thread([this] { server_.serve(); });
  }
  ~RunningStudy() {
    is_stopped_ = true;
    thread_.join();
  }
  RunningStudy(const RunningStudy&) = delete;
  RunningStudy& operator=(const RunningStudy&) = delete;

  int port() const { return port_; }

 private:
  std::atomic<bool> is_stopped_ = false;
  StudyServer server_;
  int port_ = 0;
  std::thread thread_;
};

// `midillama study serve` as a program of its own.
class StudyProcess {
 public:
  StudyProcess(const std::filesystem::path& folder, int port) {
    int out[2];
    if (::pipe(out) != 0) throw std::runtime_error("no pipe can be had");
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(out[1], STDOUT_FILENO);
      const std::string port_text = std::to_string(port);
      ::execl(MIDILLAMA_BINARY, MIDILLAMA_BINARY, "study", "serve", "--study", folder.c_str(), "--port", port_text.c_str(),
              "--requests-per-second", "100000", "--log-level", "error", nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    output_ = ::fdopen(out[0], "r");
    if (std::fscanf(output_, "%d", &port_) != 1) throw std::runtime_error("the server does not start");
  }
  ~StudyProcess() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    std::fclose(output_);
  }
  StudyProcess(const StudyProcess&) = delete;
  StudyProcess& operator=(const StudyProcess&) = delete;

  int port() const { return port_; }

 private:
  pid_t process_ = 0;
  std::FILE* output_ = nullptr;
  int port_ = 0;
};

}  // namespace midillama::study
