#include "app/client_bulletin.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "wire/json_reader.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;
using wire::ObjectReader;

namespace {

constexpr std::size_t k_hash_digits = 32;
constexpr std::size_t k_max_bytes = std::size_t{64} << 10;
constexpr int k_read_attempts = 5;

Result<int> open_file(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
  if (descriptor >= 0) return descriptor;
  const auto code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::storage_full : ErrorCode::internal;
  return Error{code, fmt::format("cannot open {}: {}", path, std::strerror(errno))};
}

Json encode_connection(const replica::Connection& connection) {
  if (const auto* offline = std::get_if<replica::Offline>(&connection))
    return {{"state", "offline"},
            {"retry_at", offline->retry_at.time_since_epoch().count()},
            {"code", base::error_info(offline->reason.code).name},
            {"reason", offline->reason.message}};
  if (const auto* live = std::get_if<replica::Live>(&connection))
    return {{"state", "live"}, {"polling", live->mode == replica::ListenMode::long_poll}};
  return {{"state", "connecting"}};
}

replica::Connection decode_connection(const Json& json) {
  ObjectReader reader(json, "connection");
  const std::string state = reader.text("state");
  if (state == "live")
    return replica::Live{reader.flag("polling") ? replica::ListenMode::long_poll
                                                : replica::ListenMode::stream};
  if (state != "offline") return replica::Connecting{};
  replica::Offline offline;
  offline.retry_at = base::Timestamp(std::chrono::milliseconds(reader.optional_int("retry_at").value_or(0)));
  offline.reason.code =
      base::find_error_code(reader.optional_text("code").value_or("")).value_or(ErrorCode::offline);
  offline.reason.message = reader.optional_text("reason").value_or("");
  return offline;
}

} // namespace

std::string encode(const Bulletin& bulletin) {
  Json settled = Json::array();
  for (const model::WorkspaceId& id : bulletin.settled) settled.push_back(id.view());
  const replica::SyncCounters& counters = bulletin.counters;
  const auto number = [](std::uint64_t value) { return wire::number_text(value); };
  return base::dump_json({{"generation", bulletin.generation},
                          {"beat", bulletin.beat.count()},
                          {"holds_lock", bulletin.holds_lock},
                          {"answered", number(bulletin.answered)},
                          {"connection", encode_connection(bulletin.connection)},
                          {"pushed", number(counters.pushed)},
                          {"pulled", number(counters.pulled)},
                          {"merged", number(counters.merged)},
                          {"conflicts", number(counters.conflicts)},
                          {"rejected", number(counters.rejected)},
                          {"resyncs", number(counters.resyncs)},
                          {"mismatches", number(counters.mismatches)},
                          {"settled", std::move(settled)}});
}

Result<Bulletin> decode_bulletin(std::string_view text) {
  TRY_ASSIGN(const Json json, base::parse_json(text));
  ObjectReader reader(json, "bulletin");
  Bulletin bulletin;
  bulletin.generation = reader.optional_int("generation").value_or(0);
  bulletin.beat = std::chrono::milliseconds(reader.optional_int("beat").value_or(0));
  bulletin.holds_lock = reader.flag("holds_lock");
  bulletin.answered = reader.u64("answered");
  if (const Json* connection = reader.find("connection"))
    bulletin.connection = decode_connection(*connection);
  bulletin.counters = {reader.u64("pushed"),
                       reader.u64("pulled"),
                       reader.u64("merged"),
                       reader.u64("conflicts"),
                       reader.u64("rejected"),
                       reader.u64("resyncs"),
                       reader.optional_u64("mismatches").value_or(0)};
  reader.each("settled", [&](const Json& item) -> Result<> {
    const auto id =
        item.is_string() ? model::WorkspaceId::parse(item.get_ref<const std::string&>()) : std::nullopt;
    if (id) bulletin.settled.insert(*id);
    return {};
  });
  TRY(reader.result());
  return bulletin;
}

Result<BulletinBoard> BulletinBoard::open(const std::string& path) {
  TRY_ASSIGN(const int descriptor, open_file(path, 0));
  return BulletinBoard(descriptor);
}

BulletinBoard::~BulletinBoard() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void BulletinBoard::post(const Bulletin& bulletin) const {
  std::string text = encode(bulletin);
  text.insert(0, base::Hash128::of(text).hex());
  // A full disk loses the bulletin, not the store: the others then take over, and find the same disk.
  if (::pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return;
  [[maybe_unused]] const int cut = ::ftruncate(descriptor_, static_cast<off_t>(text.size()));
}

std::optional<Bulletin> BulletinBoard::read() const {
  std::string text;
  for (int attempt = 0; attempt < k_read_attempts; ++attempt) {
    text.resize(k_max_bytes);
    const ssize_t size = ::pread(descriptor_, text.data(), text.size(), 0);
    if (size <= static_cast<ssize_t>(k_hash_digits)) return std::nullopt;
    text.resize(static_cast<std::size_t>(size));
    const std::string_view body = std::string_view(text).substr(k_hash_digits);
    if (base::Hash128::of(body).hex() != std::string_view(text).substr(0, k_hash_digits)) continue;
    auto bulletin = decode_bulletin(body);
    if (bulletin) return *std::move(bulletin);
    return std::nullopt;
  }
  return std::nullopt;
}

Result<SyncRequests> SyncRequests::open(const std::string& path) {
  TRY_ASSIGN(const int descriptor, open_file(path, O_APPEND));
  return SyncRequests(descriptor);
}

SyncRequests::~SyncRequests() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::uint64_t SyncRequests::add() const {
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, ".", 1);
  return count();
}

std::uint64_t SyncRequests::count() const {
  struct stat file {};
  return ::fstat(descriptor_, &file) == 0 ? static_cast<std::uint64_t>(file.st_size) : 0;
}

} // namespace memsync::app
