%% SPDX-License-Identifier: Apache-2.0
%% What an OTP supervisor needs for the same: crashes of one child, and many children.
%% escript otp_supervisor.erl CRASHES CHILDREN; prints four figures, one a line.
-module(otp_supervisor).
-mode(compile).
-export([main/1, init/1, start_child/2, loop/1]).

main([CrashesText, ChildrenText]) ->
    Crashes = list_to_integer(CrashesText),
    Children = list_to_integer(ChildrenText),
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    {ok, One} = supervisor:start_link(?MODULE, {one, self(), Crashes + 1}),
    First = up(),
    {_, Times} = lists:foldl(
        fun(_, {Pid, All}) ->
            Start = erlang:monotonic_time(nanosecond),
            Pid ! fail,
            Next = up(),
            Next ! {ping, self()},
            receive pong -> ok end,
            {Next, [erlang:monotonic_time(nanosecond) - Start | All]}
        end, {First, []}, lists:seq(1, Crashes)),
    InOrder = lists:reverse(Times),
    Share = min(1000, Crashes div 2),
    print(median(lists:sublist(InOrder, Share)) / 1000),
    print(median(lists:sublist(Times, Share)) / 1000),
    stop(One),
    {ok, Many} = supervisor:start_link(?MODULE, {many, self()}),
    {Started, _} = timer:tc(fun() ->
        [{ok, _} = supervisor:start_child(Many, []) || _ <- lists:seq(1, Children)] end),
    {Stopped, _} = timer:tc(fun() -> stop(Many) end),
    print(Started / 1000000),
    print(Stopped / 1000000).

print(Number) -> io:format("~.3f~n", [float(Number)]).

median(Times) -> lists:nth((length(Times) + 1) div 2, lists:sort(Times)).

up() -> receive {up, Pid} -> Pid end.

stop(Supervisor) ->
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, _} -> ok end.

init({one, Told, Intensity}) ->
    {ok, {#{strategy => one_for_one, intensity => Intensity, period => 3600},
          [#{id => child, start => {?MODULE, start_child, [Told, loud]}}]}};
init({many, Told}) ->
    {ok, {#{strategy => simple_one_for_one},
          [#{id => child, start => {?MODULE, start_child, [Told, quiet]}, restart => temporary}]}}.

start_child(Told, How) ->
    proc_lib:start_link(?MODULE, loop, [{Told, How}]).

loop({Told, How}) ->
    proc_lib:init_ack({ok, self()}),
    case How of loud -> Told ! {up, self()}; quiet -> ok end,
    loop(serving);
loop(serving) ->
    receive
        fail -> exit(failed);
        {ping, From} -> From ! pong, loop(serving)
    end.
