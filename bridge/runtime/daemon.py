"""The daemon: owns the servers, the child processes and the timer, and carries out the session's effects (asyncio)."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import sys
import webbrowser
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from bridge.clock import monotonic
from bridge.config import BrokerAccount, ComposerAccount, Config
from bridge.http.view import View
from bridge.midi.protocol import Batch, Health, InputLost, MidiReceived, PlayerOrder, Quit, SetTempoMap
from bridge.processes.child_processes import ChildConfig, ChildMessage, ChildProcesses
from bridge.processes.supervisor import Supervisor, on_stop_signals
from bridge.protocol.dispatch import Dispatcher
from bridge.protocol.events import (
    BankStoreRequested,
    BarPlayed,
    ControlSet,
    Effect,
    Event,
    Fault,
    GeneratorExited,
    MorphRequested,
    PlayRequested,
    PromptRequested,
    Publish,
    ScoreStoreRequested,
    StopRequested,
    TasteChanged,
    TempoTapped,
    TimerFired,
    ToLink,
    ToModel,
    ToPlayer,
)
from bridge.runtime.link import Link
from bridge.runtime.osc_server import OscServer, host_port
from bridge.runtime.services import Services
from bridge.session.session import Session
from bridge.session.sync_sources import SOURCES
from bridge.storage.home import read_taste, write_taste
from bridge.storage.kept_takes import RecordingFile, recording_path
from bridge.storage.sets import load_set
from model.clips.messages import ClipFailed, ClipProgress, ClipWritten
from model.generation.messages import BeatWritten, Failed, Order, Understood
from model.music.control import MAX_SEED
from model.weights import FOLDER, hashed

if TYPE_CHECKING:
    from bridge.composer.composer import Composer
    from bridge.http.app import HttpServer
    from bridge.mqtt.server import MqttServer
    from bridge.workers.dispatcher import WorkerDispatcher

log = logging.getLogger("llmball")

WEIGHTS = FOLDER / "decoder.safetensors"


class Daemon:
    """One running daemon. Everything here is called from the event loop."""

    def __init__(
        self,
        config: Config,
        children: ChildConfig,
    ) -> None:
        self._config = config
        self._set = None if config.set is None else load_set(config.set)
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        self._weights = hashed(WEIGHTS) if WEIGHTS.is_file() else ""
        threadpool_limits(1)  # the melody tracker's matrices are small: two threads would wait for each other
        self._session = Session(
            lambda: random.randrange(MAX_SEED),
            recording_path(children.output.output) is not None,
            read_taste(),
            config.sync,
            self._weights,
        )
        self._recording_file = RecordingFile(children.output.output, self._session.recorded_song)
        self._timer: asyncio.TimerHandle | None = None
        self._services: Services
        self._dispatcher = Dispatcher(
            self._handle_event,
            self._session.query,
            lambda: self._session.state.value,
            lambda request, sender, reply: self._services.handle(request, sender, reply),
        )
        self._osc_server = OscServer(config.allow, self._dispatcher)
        self._supervisor = Supervisor(self._on_child_message, self._on_child_exit, self._fail)
        self._child_processes = ChildProcesses(children, self._supervisor, self._fail)
        at = self._session
        self._view = View(
            at.settings,
            lambda: {slot: held if isinstance(held, str) else held.title for slot, held in at.bank.items()},
            at.planned_beats,
            at.latest_prompt,
            self._child_processes.output_choice.current,
            at.coming,
            at.entered,
        )
        self._http_server: HttpServer | None = None
        self._send_to_generator: Callable[[Order], None] = partial(self._supervisor.send, "generator")
        self._services = Services(
            self._session, self._supervisor, self._handle_event, self._osc_server.publish, config.encoder
        )
        self._composer: Composer | None = None
        self._link: Link | None = None
        self._mqtt_server: MqttServer | None = None
        self._worker_dispatcher: WorkerDispatcher | None = None

    @property
    def pids(self) -> dict[str, int | None]:
        """The process ids of the child processes."""
        return self._supervisor.pids

    async def run(self) -> None:
        """Serve until a signal. Raises OwnerError."""
        host, port = await self._osc_server.open(*self._config.osc)
        self._osc_server.tell_always(self._config.tell)
        on_stop_signals(self._stop)
        try:
            if SOURCES[self._config.sync].needs_link:
                self._link = Link(self._handle_event)
            self._child_processes.start_all()
            # imported late: it takes a third of a second, in which the children start
            from bridge.http.app import HttpServer, first_sound, has_display

            self._http_server = HttpServer(
                self._config, self._dispatcher, self._view, self._child_processes.output_choice, self._on_midi
            )
            if self._config.composer is not None:
                self._open_composer(self._config.composer)
            if self._config.mqtt is not None:
                self._open_mqtt(self._config.mqtt)
            midi = await self._child_processes.readiness.wait_for_all()
            page = await self._http_server.open(port)
            http = "none" if page is None else f"http://{host_port(*page)}"
            sys.stdout.write(f"ready osc={host_port(host, port)} midi={midi} http={http}\n")
            sys.stdout.flush()
            gc.collect()
            gc.freeze()  # all objects so far stay: collecting them would take tens of milliseconds
            self._child_processes.log_status()
            if self._config.browse and page is not None:
                display = has_display(os.environ, sys.platform)
                log.info("%s", first_sound(http, midi, display=display))
                if display:
                    self._loop.run_in_executor(None, webbrowser.open, http)
            if self._set is not None:
                self._services.apply_set(self._set)
            else:
                self._services.restore_bank()
            if self._config.play is not None:
                self._handle_event(PromptRequested(self._config.play))
                self._handle_event(PlayRequested())
            await self._stopped
        finally:
            self._close()
            if self._http_server is not None:
                await self._http_server.close()

    def _open_composer(self, account: ComposerAccount) -> None:
        from bridge.composer.chat import Chat
        from bridge.composer.composer import Composer

        self._composer = Composer(Chat(account), self._handle_event, self._tell_of_composer)

    def _tell_of_composer(self, text: str) -> None:
        log.info("composer: %s", text)
        self._run_effect(Publish("composer/told", (text,)))

    def _open_mqtt(self, account: BrokerAccount) -> None:
        # imported here: both take 0.1 s, which others need not wait
        from bridge.mqtt.server import MqttServer
        from bridge.workers.dispatcher import WorkerDispatcher

        workers = None
        if self._config.encoder is None:  # workers have the shipped encoder only
            workers = WorkerDispatcher(self._weights, self._send_to_generator, self._handle_event)
            self._worker_dispatcher, self._send_to_generator = workers, workers.order
        other_topics = None if workers is None else workers.subscriber
        self._mqtt_server = MqttServer(account, self._config.port_name, self._dispatcher, other_topics)
        if workers is not None:
            workers.send = self._mqtt_server.send

    # --- effects -----------------------------------------------------------------

    def _handle_event(self, event: Event) -> None:
        for effect in self._session.early_effects(event):
            self._run_effect(effect)
        effects = self._session.handle(event, monotonic())
        self._to_player(tuple(e.order for e in effects if isinstance(e, ToPlayer)))
        for effect in sorted(effects, key=_urgency):
            self._run_effect(effect)
        if self._mqtt_server is not None and isinstance(
            event, ControlSet | TempoTapped | PromptRequested | MorphRequested | Health
        ):
            self._mqtt_server.publish_changes()
        if isinstance(event, BankStoreRequested | ScoreStoreRequested):
            self._services.save_bank()
        if self._http_server is not None:
            self._http_server.schedule_update()
        if self._composer is not None:
            self._composer.follow(self._session.latest_take)
        if self._timer is not None:
            self._timer.cancel()
        at = self._session.next_deadline()
        if at is not None:
            # loop.time() is not our clock everywhere: go by the difference
            self._timer = self._loop.call_later(max(0.0, at - monotonic()), self._handle_event, TimerFired())

    def _to_player(self, orders: tuple[PlayerOrder, ...]) -> None:
        """Send orders to the player, before all other effects."""
        if orders:
            self._supervisor.send("player", orders[0] if len(orders) == 1 else Batch(orders))
        for order in orders:
            if self._http_server is not None and isinstance(order, SetTempoMap):
                self._http_server.set_tempo_map(order.tempo)

    def _run_effect(self, effect: Effect) -> None:
        match effect:
            case ToModel(order):
                self._send_to_generator(order)
            case ToLink() if self._link is not None:
                self._link.send(effect)
            case Publish(path, args):
                self._osc_server.publish(path, args)
                if self._mqtt_server is not None:
                    self._mqtt_server.publish(path, args)
                if self._http_server is not None:
                    self._http_server.publish(path, args)
            case BarPlayed():
                self._recording_file.write()
            case TasteChanged(theta):
                try:
                    write_taste(theta)
                except OSError as error:
                    log.warning("the taste cannot be saved: %s", error)
            case Fault(reason):
                log.warning("%s", reason)

    # --- children ------------------------------------------------------------------------------

    def _on_child_message(self, child: str, message: ChildMessage) -> None:
        forwarded = self._child_processes.on_message(child, message)
        match forwarded:
            case None:
                pass
            case ClipProgress() | ClipWritten() | ClipFailed():
                self._supervisor.mark_ready(child)
                self._services.on_clip_answer(forwarded)
            case MidiReceived():
                self._on_midi(forwarded)
            case Publish():
                self._run_effect(forwarded)
            case Understood() | BeatWritten() | Failed() if self._worker_dispatcher is not None:
                self._worker_dispatcher.on_local_answer(forwarded)
            case _:
                self._handle_event(forwarded)

    def _on_midi(self, message: MidiReceived) -> None:
        """Process a MIDI message of the input or of a panel: what MIDI learn has bound is not music."""
        if not self._services.receive_midi(message):
            self._handle_event(message)

    def _on_child_exit(self, name: str) -> None:
        if name == "generator":
            if self._worker_dispatcher is not None:
                self._worker_dispatcher.on_generator_exit()
            self._handle_event(GeneratorExited())
        elif name == "clips":
            self._services.on_clip_writer_exit()
        elif (number := self._child_processes.input_number(name)) is not None:
            self._handle_event(InputLost(monotonic(), number))
            if (told := self._child_processes.input_lost(name)) is not None:
                self._run_effect(told)

    # --- stop -------------------------------------------------------------------------------

    def _fail(self, error: Exception) -> None:
        if not self._child_processes.readiness.fail(error) and not self._stopped.done():
            self._stopped.set_exception(error)

    def _stop(self) -> None:
        if not self._stopped.done():
            self._stopped.set_result(None)
        self._child_processes.readiness.cancel()

    def _close(self) -> None:
        """Silence the player first, then close everything else."""
        if not self._stopped.done():
            self._stopped.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._supervisor.send("player", Quit())
        self._recording_file.write()
        if self._session.state.value != "idle":
            for effect in self._session.handle(StopRequested(), monotonic()):
                if isinstance(effect, Publish):
                    self._run_effect(effect)
        self._osc_server.close()
        self._services.close()
        for server in (self._composer, self._mqtt_server, self._worker_dispatcher, self._link):
            if server is not None:
                server.close()
        self._supervisor.close()


def _urgency(effect: Effect) -> int:
    """Return the sort key of effects: orders to the model before messages."""
    return 0 if isinstance(effect, ToModel) else 1
