#include "app/client_bulletin.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/json_reader.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;
using wire::ObjectReader;

namespace {

/// Of who is here: a file that grew beyond its limit would not be written, and the leader taken for dead.
constexpr std::size_t k_present_bytes = std::size_t{32} << 10;

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
  Json present = Json::array();
  std::size_t present_bytes = 0;
  for (const model::PresentMember& each : bulletin.present) {
    Json row = wire::encode_present(each);
    present_bytes += base::dump_json(row).size();
    if (present_bytes > k_present_bytes) break;
    present.push_back(std::move(row));
  }
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
                          {"settled", std::move(settled)},
                          {"present", std::move(present)},
                          {"knows_present", bulletin.knows_present}});
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
  reader.list("present", bulletin.present, &wire::decode_present);
  bulletin.knows_present = reader.flag("knows_present");
  TRY(reader.result());
  return bulletin;
}

Result<BulletinBoard> BulletinBoard::open(const std::string& path) {
  TRY_ASSIGN(auto file, SidecarFile::open(path));
  return BulletinBoard(std::move(file));
}

void BulletinBoard::post(const Bulletin& bulletin) const { file_.write(encode(bulletin)); }

std::optional<Bulletin> BulletinBoard::read() const {
  const auto text = file_.read();
  auto bulletin = text ? decode_bulletin(*text) : Result<Bulletin>(Error{ErrorCode::not_found, ""});
  if (bulletin) return *std::move(bulletin);
  return std::nullopt;
}

Result<SyncRequests> SyncRequests::open(const std::string& path) {
  TRY_ASSIGN(const int descriptor, open_beside_store(path, O_APPEND));
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
