// SPDX-License-Identifier: Apache-2.0
// Chooses where a command reads.
#include "tools/connection.hpp"

#include "runtime/os/host.hpp"
#include "runtime/upstream/door_client.hpp"
#include "runtime/upstream/door_reader.hpp"
#include "tools/store_place.hpp"
#include "tools/suggest.hpp"

#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace holdfast::tools {

config::sources config_sources(const session& told, const std::string& file) {
  std::optional<std::filesystem::path> named;
  if (const auto& given = file.empty() ? told.options().config : file; !given.empty())
    named = given;
  auto sources = config::of_this_machine(named);
  if (!told.options().data.empty())
    sources.flags.push_back({"store.data", os::absolute(told.options().data).string(), "--data"});
  if (!told.options().socket.empty())
    sources.flags.push_back(
        {"door.socket", os::absolute(told.options().socket).string(), "--socket"});
  return sources;
}

result<place> find_place(const session& told) {
  auto chosen = config::checked(config_sources(told));
  if (!chosen)
    return chosen.error();
  place found;
  found.chosen = *std::move(chosen);
  if (!found.chosen.store.data.empty())
    found.data = os::absolute(found.chosen.store.data);
  if (!found.chosen.door.socket.empty())
    found.socket = os::absolute(found.chosen.door.socket);
  else if (!found.data.empty())
    found.socket = found.data / "holdfast.sock";
  found.socket_named = !told.options().socket.empty();
  found.chosen.store.data = found.data;
  return found;
}

result<std::filesystem::path> need_data(const place& at) {
  if (at.data.empty())
    return fault{fault_code::invalid, "no data directory is named",
                 "Name one with --data DIR, HOLDFAST_STORE_DATA or `data` under [store] in the "
                 "configuration."};
  return at.data;
}

bool daemon_answers(const place& at) {
  sockaddr_un address{};
  const auto path = at.socket.string();
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0)
    return false;
  // The sockets API speaks of every address as a sockaddr.
  const bool answers =
      ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return answers;
}

fault no_daemon(const place& at) {
  if (at.socket.empty())
    return {
        fault_code::unreachable, "no daemon and no data directory is named",
        "Start one with `holdfast run --init --data DIR`, or name one with --socket or --data."};
  return {fault_code::unreachable, "no daemon answers at " + at.socket.string(),
          "Start it with `holdfast run"
              + (at.data.empty() ? std::string{} : " --data " + at.data.string())
              + "`, or read a stopped store with --data DIR."};
}

result<void> check_data(const std::filesystem::path& data) {
  std::error_code unknown;
  if (!std::filesystem::exists(data, unknown) && !unknown)
    return fault{fault_code::not_found, data.string() + " does not exist",
                 "Is its disk mounted? A new store is made with `holdfast init " + data.string()
                     + "`."};
  if (std::filesystem::exists(data / "superblock", unknown) || unknown)
    return {};
  if (std::filesystem::exists(data / "initialising", unknown))
    return fault{fault_code::not_found, "making the store in " + data.string() + " did not end",
                 "Run `holdfast init " + data.string() + "` again."};
  if (!std::filesystem::exists(data / "db", unknown) && !unknown)
    return fault{fault_code::invalid, data.string() + " is not a Holdfast data directory",
                 "It has no superblock. Is it the right path, and is its disk mounted?"};
  return {};
}

result<source> open_source(const session& told, appetite hunger) {
  auto at = find_place(told);
  if (!at)
    return at.error();
  source opened;
  opened.at = *std::move(at);
  opened.files = persistence::make_posix_disk();
  std::error_code unknown;
  const bool at_hand = hunger == appetite::all && !opened.at.socket_named && !opened.at.data.empty()
                       && std::filesystem::exists(opened.at.data / "superblock", unknown);
  if (!at_hand && daemon_answers(opened.at)) {
    opened.daemon = true;
    opened.reader = upstream::make_door_reader(std::make_shared<upstream::door_client>(
        upstream::door_settings{.socket = opened.at.socket, .deadline = told.request_timeout()}));
    opened.described = "daemon at " + opened.at.socket.string();
    return opened;
  }
  if (opened.at.socket_named || opened.at.data.empty())
    return no_daemon(opened.at);
  if (const auto good = check_data(opened.at.data); !good)
    return good.error();
  const auto owner = opened.files->lock_owner(opened.at.data / "holdfast.lock");
  auto reader =
      persistence::open_reader(store_options_of(opened.at.chosen, opened.at.data, *opened.files));
  if (!reader)
    return reader.error();
  opened.reader = *std::move(reader);
  opened.described =
      "data directory " + opened.at.data.string() + (owner && *owner ? " (in use)" : " (stopped)");
  return opened;
}

fault unknown_name(const std::string& kind, const std::string& typed,
                   const std::vector<std::string>& known) {
  auto help = did_you_mean(typed, known);
  if (help.empty() && !known.empty()) {
    help = "There are: ";
    for (std::size_t at = 0; at < known.size() && at < 10; ++at)
      help += (at == 0 ? "" : ", ") + known[at];
    help += known.size() > 10 ? " ..." : ".";
  }
  return {fault_code::not_found, "there is no " + kind + " \"" + typed + "\"", help};
}

} // namespace holdfast::tools
