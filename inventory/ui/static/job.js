// The progress of a job as it happens. Without this the page shows how it stood when it was loaded, and loads itself again.
"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const {api, name} = byId("job").dataset;
  const number = n => n === null ? "?" : n.toLocaleString("en-US");
  const instant = t => t === null ? "–" : t.slice(0, 19).replace("T", " ") + "Z";
  function duration(seconds) {
    if (seconds === null) return "–";
    const minutes = Math.floor(seconds / 60);
    if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
  }
  const isOver = job => ["completed", "failed", "cancelled"].includes(job.status);
  let said = "";

  function say(job) {  // a reader of the screen hears of each tenth, and of each status
    const tenth = job.percent === null ? "" : `, ${Math.floor(job.percent / 10) * 10} %`;
    const text = job.status + tenth;
    if (text !== said) byId("said").textContent = said = text;
  }

  function show(job) {
    const percent = job.percent === null ? "–" : job.percent.toFixed(1) + " %";
    const texts = {
      status: job.status, percent, rows: number(job.processed) + " of " + number(job.total),
      rate: job.rate === null ? "–" : number(job.rate) + " rows/s", eta: duration(job.eta_seconds), error: job.error || "",
      succeeded: number(job.succeeded), failed: number(job.failed), rejected: number(job.rejected),
      bytes: number(job.bytes_read), started: instant(job.started_at), finished: instant(job.finished_at), link: "",
    };
    for (const id in texts) if (byId(id)) byId(id).textContent = texts[id];
    byId("status").className = "status " + job.status;
    byId("error").hidden = !job.error;
    if (job.percent === null) byId("bar").removeAttribute("value"); else byId("bar").value = job.percent;
    document.title = `${percent} · ${name} · Inventory`;
    say(job);
    return isOver(job);
  }

  async function showEnd() {  // its rows, and what can be done now, are parts of the page
    const answer = await fetch(location.href);
    if (!answer.ok) return location.reload();
    const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["actions", "outcomes"]) byId(id).replaceWith(document.importNode(shown.getElementById(id), true));
  }

  async function poll() {
    try {
      const answer = await fetch(api);
      if ([401, 404].includes(answer.status)) return location.reload();
      const job = await answer.json();
      if (job.status && show(job)) return showEnd();
    } catch { byId("link").textContent = "The service does not respond. Trying again…"; }
    setTimeout(poll, 2000);
  }

  const source = new EventSource(api + "/events");
  source.addEventListener("progress", message => show(JSON.parse(message.data)));
  source.addEventListener("end", message => {
    source.close();
    if (show(JSON.parse(message.data))) showEnd(); else location.reload();  // of a key that ended, say
  });
  source.onopen = () => { byId("link").textContent = ""; };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) poll();  // no stream slot is free, for instance
    else byId("link").textContent = "The connection was lost. Reconnecting…";
  };
})();
