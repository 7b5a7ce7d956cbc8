#!/usr/bin/env escript
%% A peer that no one here wrote: Erlang's gen_tcp, which frames by itself with {packet, N}.
%%
%% usage: peer.escript client PORT PACKET COUNT    sends COUNT messages of many sizes, and compares what comes back
%%        peer.escript server PACKET               prints its port, and echoes until its standard input ends
%%
%% PACKET is 1, 2 or 4: the bytes of the length. The empty message is one, too.
-mode(compile).

main(["client", Port, Packet, Count]) ->
    Width = list_to_integer(Packet),
    Last = list_to_integer(Count) - 1,
    {ok, Socket} = gen_tcp:connect("127.0.0.1", list_to_integer(Port), [{packet, Width} | options()]),
    %% Sends while this process receives: neither waits for the other.
    Sender = spawn_link(fun() ->
        [ok = gen_tcp:send(Socket, message(Number, Width)) || Number <- lists:seq(0, Last)]
    end),
    Replies = [begin
        {ok, Reply} = gen_tcp:recv(Socket, 0, 30000),
        case message(Number, Width) of
            Reply -> ok;
            Sent -> fail("reply ~p has ~p bytes, its message ~p", [Number, size(Reply), size(Sent)])
        end
    end || Number <- lists:seq(0, Last)],
    unlink(Sender),
    ok = gen_tcp:shutdown(Socket, write),
    {error, closed} = gen_tcp:recv(Socket, 0, 30000),
    io:format("~p messages echoed~n", [length(Replies)]);

main(["server", Packet]) ->
    {ok, Listener} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}, {packet, list_to_integer(Packet)} | options()]),
    {ok, Port} = inet:port(Listener),
    io:format("listening on ~p~n", [Port]),
    spawn_link(fun() -> accept(Listener) end),
    eof = io:get_line("");

main(_) ->
    fail("usage: peer.escript client PORT PACKET COUNT | server PACKET", []).

options() -> [binary, {active, false}, {nodelay, true}].

accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    spawn(fun() -> accept(Listener) end),
    echo(Socket).

echo(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, Message} -> ok = gen_tcp:send(Socket, Message), echo(Socket);
        {error, closed} -> ok
    end.

%% The message of that number: its size covers none, a few bytes, and many segments.
message(Number, Width) ->
    Largest = case Width of 1 -> 255; 2 -> 65535; 4 -> 300000 end,
    Size = case Number rem 8 of
        0 -> 0;
        1 -> Number rem 256;
        2 -> (Number * 7919) rem (Largest + 1);
        3 when Number rem 64 =:= 3 -> Largest;
        _ -> (Number * 31) rem 200
    end,
    Part = << <<(At * 7 + Number)>> || At <- lists:seq(0, 255) >>,
    binary:part(binary:copy(Part, Size div 256 + 1), 0, Size).

fail(Text, Values) ->
    io:format(standard_error, Text ++ "~n", Values),
    halt(1).
