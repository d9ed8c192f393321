"""The model of TCP behind the race, written a second time from RFC 5681 and RFC 6298: a clock that ticks from event to event,
and a sender and a receiver that only see segments and acknowledgements."""

import heapq

SECOND = 1_000_000


def deliver(messages, every_us, delay_us, is_lost):
    """Segments as [sent, message, attempt, arrives or None], and the time at which each message is handed out."""
    agenda = []  # (time, kind, value); kinds in the order in which they count at one time
    ARRIVAL, ACK, WRITE = range(3)
    for number in range(messages):
        heapq.heappush(agenda, (number * every_us, WRITE, 0))
    segments, delivered, early, attempts = [], [], set(), [0] * messages
    una = nxt = written = dupacks = 0
    cwnd, ssthresh, recovering = 4000, None, False
    rto, deadline, srtt, rttvar, timed = SECOND, None, None, None, None

    def transmit(now, number):
        nonlocal nxt, timed, deadline
        attempt, attempts[number] = attempts[number], attempts[number] + 1
        arrives = None if is_lost(number, attempt) else now + delay_us
        segments.append([now, number, attempt, arrives])
        if arrives is not None:
            heapq.heappush(agenda, (arrives, ARRIVAL, number))
        nxt = max(nxt, number + 1)
        if attempt:
            timed = None
        elif timed is None:
            timed = (number, now)
        if deadline is None:
            deadline = now + rto

    def halve():
        return max((nxt - una) * 1000 // 2, 2000)

    while len(delivered) < messages and len(segments) < 10_000:
        if deadline is not None and (not agenda or deadline < agenda[0][0]):
            now, ssthresh, cwnd = deadline, halve(), 1000
            dupacks, recovering, timed = 0, False, None
            rto, deadline, nxt = min(2 * rto, 60 * SECOND), None, una
        elif agenda:
            now, kind, value = heapq.heappop(agenda)
            if kind == WRITE:
                written += 1
            elif kind == ARRIVAL:
                if value >= len(delivered):
                    early.add(value)
                while len(delivered) in early:
                    early.remove(len(delivered))
                    delivered.append(now)
                heapq.heappush(agenda, (now + delay_us, ACK, len(delivered)))
            elif value > una:
                if timed is not None and timed[0] < value:
                    took, timed = now - timed[1], None
                    if srtt is None:
                        srtt, rttvar = took, took // 2
                    else:
                        rttvar = (3 * rttvar + abs(srtt - took)) // 4
                        srtt = (7 * srtt + took) // 8
                    rto = min(max(srtt + 4 * rttvar, SECOND), 60 * SECOND)
                una, dupacks = value, 0
                nxt = max(nxt, una)
                if recovering:
                    recovering, cwnd = False, ssthresh
                elif ssthresh is None or cwnd < ssthresh:
                    cwnd += 1000
                else:
                    cwnd += max(1_000_000 // cwnd, 1)
                deadline = now + rto if nxt > una else None
            elif value == una and nxt > una:
                dupacks += 1
                if recovering:
                    cwnd += 1000
                elif dupacks == 3:
                    ssthresh = halve()
                    cwnd, recovering, deadline = ssthresh + 3000, True, now + rto
                    transmit(now, una)
        else:
            break
        while nxt < written and nxt - una < cwnd // 1000 + (0 if recovering else min(dupacks, 2)):
            transmit(now, nxt)
    return segments, delivered
