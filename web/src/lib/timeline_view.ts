// The chart of events over time on ECharts. Loaded only when a page shows it.
import { BarChart } from 'echarts/charts';
import { BrushComponent, GridComponent, TooltipComponent } from 'echarts/components';
import { init, use, type EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { axisLabel, count, stamp } from './format.ts';
import type { Bucket, Timeline } from './types.ts';

use([BarChart, BrushComponent, GridComponent, TooltipComponent, CanvasRenderer]);

type Metric = 'events' | 'sources' | 'sessions';
/** Milliseconds; `drag` tells a chosen stretch from a click on one bar. */
type Pick = (from: number, to: number, drag: boolean) => void;

interface BrushEnd { areas: { coordRange?: [number, number] }[] }

export class TimelineView {
  private readonly chart: EChartsType;
  private readonly observer: ResizeObserver;
  private buckets: Bucket[] = [];
  private seconds = 1;

  constructor(private readonly box: HTMLElement, private readonly pick: Pick) {
    this.chart = init(box, null, { renderer: 'canvas' });
    this.observer = new ResizeObserver(() => this.chart.resize());
    this.observer.observe(box);
    this.chart.on('brushEnd', (event) => this.brushed(event as BrushEnd));
    this.chart.getZr().on('click', (event) => {
      if (matchMedia('(pointer: coarse)').matches) this.clicked(event.offsetX, event.offsetY);
    });
  }

  dispose(): void {
    this.observer.disconnect();
    this.chart.dispose();
  }

  draw(timeline: Timeline, metric: Metric): void {
    this.buckets = timeline.buckets;
    this.seconds = timeline.bucket_seconds;
    const ink = this.color('--ink-3');
    this.chart.setOption({
      animation: false, // it is drawn anew with every refresh
      grid: { left: 44, right: 8, top: 12, bottom: 24 },
      xAxis: {
        type: 'category',
        data: this.buckets.map((bucket) => Date.parse(bucket.time)),
        axisLine: { lineStyle: { color: this.color('--line-strong') } },
        axisTick: { show: false },
        axisLabel: { color: ink, hideOverlap: true, formatter: (value: string) => axisLabel(Number(value), this.seconds) },
      },
      yAxis: {
        type: 'value',
        minInterval: 1,
        splitNumber: 3,
        axisLabel: { color: ink },
        splitLine: { lineStyle: { color: this.color('--line') } },
      },
      tooltip: {
        trigger: 'axis',
        axisPointer: { type: 'shadow', shadowStyle: { color: this.color('--chart-soft') } },
        backgroundColor: this.color('--panel'),
        borderColor: this.color('--line-strong'),
        transitionDuration: 0,
        confine: true,
        formatter: (items: unknown) => this.tip(items),
      },
      brush: {
        xAxisIndex: 0,
        brushType: 'lineX',
        toolbox: [],
        transformable: false,
        brushStyle: { color: this.color('--chart-soft'), borderColor: this.color('--chart'), borderWidth: 1 },
        outOfBrush: { colorAlpha: 0.45 },
      },
      series: [
        {
          type: 'bar',
          // Nothing is no bar; something is a visible one, however little.
          data: this.buckets.map((bucket) => bucket[metric] || null),
          itemStyle: { color: this.color('--chart'), borderRadius: [2, 2, 0, 0] },
          barCategoryGap: '22%',
          barMinHeight: 2,
        },
      ],
    });
    const coarse = matchMedia('(pointer: coarse)').matches; // a finger scrolls the page instead
    const cursor = { brushOption: { brushType: coarse ? false : 'lineX', brushMode: 'single' } };
    this.chart.dispatchAction({ type: 'takeGlobalCursor', key: 'brush', ...cursor });
  }

  /** An element, not markup: the policy allows no style attribute in markup. */
  private tip(items: unknown): HTMLElement | string {
    const index = (items as { dataIndex: number }[])[0]?.dataIndex ?? -1;
    const bucket = this.buckets[index];
    if (!bucket) return '';
    const begin = Date.parse(bucket.time);
    const tip = document.createElement('div');
    tip.className = 'tip';
    const head = document.createElement('b');
    head.textContent = `${stamp(begin)} UTC`;
    tip.append(head);
    for (const name of ['events', 'sources', 'sessions'] as const) {
      const line = document.createElement('span');
      line.textContent = `${count(bucket[name])} ${name}`;
      tip.append(line);
    }
    return tip;
  }

  private brushed(event: BrushEnd): void {
    const stretch = event.areas[0]?.coordRange;
    this.chart.dispatchAction({ type: 'brush', areas: [] });
    if (stretch) this.choose(Math.min(...stretch), Math.max(...stretch));
  }

  private clicked(x: number, y: number): void {
    if (!this.chart.containPixel('grid', [x, y])) return;
    const index = Number(this.chart.convertFromPixel({ xAxisIndex: 0 }, x));
    this.choose(index, index);
  }

  private choose(first: number, last: number): void {
    const from = this.buckets[first];
    const to = this.buckets[last];
    if (from && to) this.pick(Date.parse(from.time), Date.parse(to.time) + this.seconds * 1000, first !== last);
  }

  /** The canvas needs a computed colour, tokens are light-dark(). */
  private color(token: string): string {
    const before = this.box.style.color;
    this.box.style.color = `var(${token})`;
    const computed = getComputedStyle(this.box).color;
    this.box.style.color = before;
    return computed;
  }
}
